// What happens below gRPC: connections that are cut, stall, or carry garbage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <thread>

#include "absl/time/clock.h"
#include "client/batch_stream.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "millrace/v1/millrace.grpc.pb.h"
#include "tests/client/fake_server.h"
#include "tests/client/stream_testing.h"
#include "tests/support/event.h"
#include "tests/support/tcp_proxy.h"

namespace millrace::client {
namespace {

using ::testing::HasSubstr;

// Every connection is reset after N bytes, for many N: inside a frame's head,
// a message's length, a tensor, between messages.
TEST(ConnectionLossTest, ResetsAtAnyByteLoseAndRepeatNothing) {
  FakeServer server(Serve);
  TcpProxy proxy(server.port());
  constexpr int kEnough = 6000;  // For the opening and one step.
  for (int bytes = kEnough; bytes < kEnough + 4500; bytes += 149) {
    SCOPED_TRACE(testing::Message() << "cut after " << bytes << " bytes");
    proxy.CutAfter(bytes);
    BatchStreamOptions options = OptionsFor({proxy.endpoint()});
    options.end_step = 8;
    const auto stream = BatchStream::Open(options);
    ASSERT_TRUE(stream.ok()) << stream.status();
    ExpectSteps(stream->get(), 0, 8);
    EXPECT_EQ((*stream)->Next().status().code(), absl::StatusCode::kOutOfRange);
    EXPECT_GE((*stream)->stats().reconnects, 1u);
  }
}

TEST(ConnectionLossTest, EveryAttemptDialsAnew) {
  FakeServer server(Serve);
  TcpProxy proxy(server.port());
  const auto stream = BatchStream::Open(OptionsFor({proxy.endpoint()}));
  ASSERT_TRUE(stream.ok()) << stream.status();
  for (uint64_t i = 0; i < 10; ++i) {
    ExpectSteps(stream->get(), i * 10, i * 10 + 10);
    proxy.CutAll();
  }
  EXPECT_GE(proxy.connections(), 10);
}

TEST(ConnectionLossTest, CancelAndDestructionDoNotWaitForAFrozenNetwork) {
  FakeServer server(Serve);
  TcpProxy proxy(server.port());
  auto stream = BatchStream::Open(OptionsFor({proxy.endpoint()}));
  ASSERT_TRUE(stream.ok()) << stream.status();
  ExpectSteps(stream->get(), 0, 5);
  proxy.Freeze();
  const absl::Time start = absl::Now();
  std::thread canceller([&stream] { (*stream)->Cancel(); });
  absl::Status status;
  while (status.ok()) status = (*stream)->Next().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  canceller.join();
  stream->reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

// A machine that loses its power closes no connection.
TEST(ConnectionLossTest, AVanishedHostIsNoticedByKeepalive) {
  FakeServer server(Serve);
  TcpProxy proxy(server.port());
  BatchStreamOptions options = OptionsFor({proxy.endpoint()});
  options.keepalive = absl::Milliseconds(500);
  const auto stream = BatchStream::Open(options);
  ASSERT_TRUE(stream.ok()) << stream.status();
  ExpectSteps(stream->get(), 0, 5);
  proxy.FreezeOpen();
  ExpectSteps(stream->get(), 5, 30);
  // More, where a busy machine does not answer in time either.
  EXPECT_GE(proxy.connections(), 2);
}

TEST(ConnectionLossTest, OpeningThroughAFrozenNetworkGivesUpInTime) {
  FakeServer server(Serve);
  TcpProxy proxy(server.port());
  proxy.Freeze();
  BatchStreamOptions options = OptionsFor({proxy.endpoint()});
  options.give_up_after = absl::Milliseconds(500);
  const absl::Time start = absl::Now();
  const absl::Status status = BatchStream::Open(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("it is no millraced"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

// Answers every stream with one message of the given bytes.
class GarbageServer final : private grpc::CallbackGenericService {
 public:
  explicit GarbageServer(std::string bytes) : bytes_(std::move(bytes)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
  }
  ~GarbageServer() override {
    server_->Shutdown(std::chrono::system_clock::now());
  }

  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  class Answer final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Answer(const std::string& bytes) {
      const grpc::Slice slice(bytes);
      message_ = grpc::ByteBuffer(&slice, 1);
      StartWrite(&message_);
    }
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

   private:
    grpc::ByteBuffer message_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext*) override {
    return new Answer(bytes_);
  }

  const std::string bytes_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// A key and its own certificate, PEM.
grpc::SslServerCredentialsOptions::PemKeyCertPair SelfSigned() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  BIO* out = BIO_new(BIO_s_mem());
  const auto take = [out] {
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    std::string pem(text, size);
    BIO_reset(out);
    return pem;
  };
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  pair.private_key = take();
  PEM_write_bio_X509(out, certificate);
  pair.cert_chain = take();
  BIO_free(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pair;
}

TEST(ConnectionLossTest, AServerBehindTlsIsToldApartInTime) {
  v1::Millrace::Service service;
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs = {SelfSigned()};
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls),
                           &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);
  BatchStreamOptions options =
      OptionsFor({"127.0.0.1:" + std::to_string(port)});
  options.give_up_after = absl::Milliseconds(500);
  const absl::Status status = BatchStream::Open(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(options.endpoints[0]), HasSubstr("TLS")));
}

TEST(ConnectionLossTest, AServerOfAnotherKindIsToldApart) {
  v1::Millrace::Service nothing;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&nothing);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const absl::Status status =
      BatchStream::Open(OptionsFor({"127.0.0.1:" + std::to_string(port)}))
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("no millraced"));
}

TEST(ConnectionLossTest, GarbageIsAnErrorThatNamesTheServer) {
  for (const std::string& garbage :
       {std::string(), std::string("garbage"), std::string(1000, '\xff'),
        std::string("\x12\xff\xff\xff\xff\x0f", 6),
        std::string("\x0a\x01", 2)}) {
    GarbageServer server(garbage);
    const absl::Status status =
        BatchStream::Open(OptionsFor({server.endpoint()})).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), HasSubstr(server.endpoint()));
  }
}

}  // namespace
}  // namespace millrace::client
