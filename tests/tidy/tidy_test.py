#!/usr/bin/env python3
"""tidy.py finds what it is there to find, and only that."""

import pathlib
import tempfile
import unittest

import tidy


def errors(path, line):
    return list(tidy.line_errors(path, 1, line))


class LayerTest(unittest.TestCase):

    def test_a_lower_room_must_not_include_a_higher_one(self):
        for path, line in [
            ("base/digest.cc", '#include "storage/sample_store.h"'),
            ("image/decode.cc", '#include "pipeline/plan_compiler.h"'),
            ("storage/shard.cc", '#include "image/decode.h"'),
            ("pipeline/order.cc", '#include "server/service.h"'),
            ("ingest/coco.cc", '#include "pipeline/plan_compiler.h"'),
            ("client/stream.cc", '#include "server/framing.h"'),
            ("client/stream.cc", '#include "storage/sample_store.h"'),
        ]:
            self.assertEqual(len(errors(path, line)), 1, (path, line))

    def test_the_arrows_of_the_design_are_free(self):
        for path, line in [
            ("image/decode.cc", '#include "base/status_macros.h"'),
            ("pipeline/a.cc", '#include "image/decode.h"'),
            ("ingest/coco.cc", '#include "storage/dataset_writer.h"'),
            ("server/stream.cc", '#include "pipeline/plan_compiler.h"'),
            ("cli/pull.cc", '#include "client/batch_stream.h"'),
            ("tests/cli/a_test.cc", '#include "cli/contact_sheet.h"'),
        ]:
            self.assertEqual(errors(path, line), [], (path, line))

    def test_nothing_includes_the_top(self):
        self.assertTrue(errors("examples/a.cc", '#include "cli/commands.h"'))
        self.assertTrue(errors("server/a.cc", '#include "cli/commands.h"'))

    def test_heavy_libraries_stay_in_their_rooms(self):
        for path, line in [
            ("pipeline/a.cc", "#include <rocksdb/db.h>"),
            ("server/a.cc", "#include <jpeglib.h>"),
            ("ingest/a.cc", "#include <png.h>"),
            ("pipeline/a.cc", "#include <hwy/highway.h>"),
            ("client/a.cc", "#include <prometheus/registry.h>"),
            ("storage/a.cc", "#include <grpcpp/grpcpp.h>"),
            ("ingest/a.cc", '#include "millrace/v1/millrace.grpc.pb.h"'),
            ("image/a.cc", '#include "millrace/v1/sample.pb.h"'),
            ("tests/pipeline/a_test.cc", "#include <rocksdb/db.h>"),
        ]:
            self.assertEqual(len(errors(path, line)), 1, (path, line))

    def test_a_room_and_its_tests_may_use_its_library(self):
        for path, line in [
            ("storage/a.cc", "#include <rocksdb/db.h>"),
            ("tests/storage/a_test.cc", "#include <rocksdb/db.h>"),
            ("image/a.cc", "#include <jpeglib.h>"),
            ("server/a.cc", '#include "millrace/v1/millrace.grpc.pb.h"'),
            ("storage/a.cc", '#include "millrace/v1/sample.pb.h"'),
        ]:
            self.assertEqual(errors(path, line), [], (path, line))


class FormTest(unittest.TestCase):

    def test_long_lines_tabs_blanks_and_loose_ends_are_errors(self):
        self.assertTrue(errors("base/a.cc", "x" * 81))
        self.assertFalse(errors("base/a.cc", "x" * 80))
        self.assertTrue(errors("base/a.cc", "\tint x;"))
        self.assertTrue(errors("base/a.cc", "int x; "))
        self.assertTrue(errors("base/a.cc", "// TO" + "DO: later"))

    def test_prose_may_be_wide(self):
        self.assertFalse(errors("README.md", "x" * 120))

    def test_paths_of_a_machine_are_errors(self):
        self.assertTrue(errors("docs/a.md", "see /ho" + "me/me/notes"))
        self.assertFalse(errors("docs/a.md", "see docs/ho" + "me/notes"))

    def test_a_header_needs_its_guard(self):
        self.assertTrue(list(tidy.file_errors("base/a.h", "int x;\n")))
        self.assertFalse(
            list(tidy.file_errors("base/a.h", "#pragma once\nint x;\n")))


class DocumentTest(unittest.TestCase):

    def test_links_and_file_names_must_lead_somewhere(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            (root / "docs/b.md").write_text("")

            def found(text):
                return list(tidy.document_errors(root, "docs/a.md", text))

            self.assertFalse(found("[b](b.md#part), `docs/b.md`, [w](http://x)"))
            self.assertTrue(found("[c](c.md)"))
            self.assertTrue(found("`base/no_such_file.h`"))


if __name__ == "__main__":
    unittest.main()
