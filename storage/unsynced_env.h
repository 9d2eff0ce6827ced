// RocksDB's environment for datasets in the making; not for others than the .cc
// files that know RocksDB.
#pragma once

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace millrace {

// Writes files without making them durable: a dataset is made so once, by
// SyncTree before it is published, and until then nobody misses it. RocksDB
// would wait for the disk some thirty times a database. Writes no OPTIONS
// files, which nobody reads. Lives forever.
rocksdb::Env* UnsyncedEnv();

}  // namespace millrace
