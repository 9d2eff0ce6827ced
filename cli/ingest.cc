// millrace ingest mnist|imagenet|coco|folder
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/mutex.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/ingest_report.h"
#include "cli/progress.h"
#include "ingest/coco.h"
#include "ingest/folder.h"
#include "ingest/imagenet.h"
#include "ingest/ingest.h"
#include "ingest/mnist.h"
#include "storage/data_dir.h"
#include "storage/dataset_writer.h"

namespace millrace::cli {
namespace {

using OpenSource = std::function<absl::StatusOr<std::unique_ptr<Source>>()>;

// What all forms share.
struct IngestFlags {
  IngestOptions options;
  std::string report_file;
  bool json = false;
};

void AddSharedFlags(CLI::App* command, IngestFlags* flags) {
  IngestOptions& options = flags->options;
  command
      ->add_option("--dataset", options.dataset,
                   "Name to publish under, such as coco/val2017")
      ->type_name("NAME")
      ->check(IsDatasetName())
      ->required();
  AddDataDirFlag(command, &options.data_dir);
  command
      ->add_option("--shards", options.shards,
                   "Databases to spread the samples over; 0: one for each "
                   "64 MiB of images, at most 4")
      ->type_name("N")
      ->check(CLI::Range(0, WriterOptions::kMaxShards))
      ->capture_default_str();
  command
      ->add_option("--threads", options.threads,
                   "Threads that decode; 0: one for each core")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--strict", options.strict,
                    "Publish nothing if anything is quarantined");
  command
      ->add_option("--report", flags->report_file,
                   "JSON: counts, version, all that is quarantined")
      ->type_name("FILE");
  AddJsonFlag(command, &flags->json);
}

// What forms of image files share: how these are stored.
void AddImageFlags(CLI::App* command, ImageOptions* images) {
  auto* keep = command->add_flag(
      "--keep-original", images->keep_original,
      "Store the very bytes; JPEGs get no tiles, and crops cost more");
  auto* side = command
                   ->add_option("--max-side", images->max_side,
                                "Lossy: resize larger images to this, as JPEG")
                   ->type_name("PIXELS")
                   ->check(CLI::Range(16, 65'500))
                   ->excludes(keep);
  command
      ->add_option("--quality", images->quality,
                   "Of the JPEGs that --max-side makes")
      ->type_name("N")
      ->check(CLI::Range(1, 100))
      ->capture_default_str()
      ->needs(side);
}

// Of this dataset, before this ingest.
std::vector<std::string> PublishedVersions(const IngestOptions& options) {
  std::vector<std::string> versions;
  const auto datasets = DataDir(options.data_dir).List();
  if (!datasets.ok()) return versions;
  for (const v1::DatasetInfo& info : *datasets) {
    if (info.name() == options.dataset) versions.push_back(info.version());
  }
  return versions;
}

// Opening a source may take long (gigabytes of JSON) and writes nothing: then a
// signal ends the process at once, later it raises the ingest's flag.
class Opening {
 public:
  // `farewell` is called before the end.
  explicit Opening(std::function<void()> farewell)
      : farewell_(std::move(farewell)) {}

  void OnSignal() {
    MutexLock lock(&mutex_);
    if (over_) return;
    farewell_();
    std::fflush(stdout);
    _exit(kInterrupted);
  }
  void Over() {
    MutexLock lock(&mutex_);
    over_ = true;
  }

 private:
  const std::function<void()> farewell_;
  Mutex mutex_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::StatusOr<IngestResult> OpenAndIngest(const OpenSource& open,
                                           const IngestOptions& options,
                                           Opening* opening) {
  auto source = open();
  opening->Over();
  if (absl::IsNotFound(source.status()) ||
      absl::IsPermissionDenied(source.status())) {
    return absl::Status(source.status().code(),
                        absl::StrCat(source.status().message(),
                                     "; give a path that is there and that "
                                     "this user may read"));
  }
  if (!source.ok()) return source.status();
  return Ingest(**source, options);
}

int FailInterrupted(const std::string& what) {
  return Fail(what, absl::CancelledError("interrupted; nothing was published"));
}

// Runs with progress and Ctrl-C; collects all that is found, even if refused.
IngestReport Run(const OpenSource& open, IngestOptions options,
                 Opening* opening) {
  IngestReport report;
  report.dataset = options.dataset;
  const std::vector<std::string> before = PublishedVersions(options);
  std::vector<v1::Quarantined> found;
  Interrupt interrupt([opening] { opening->OnSignal(); });
  Progress progress(options.dataset, "item");
  options.cancel = interrupt.flag();
  options.on_quarantined = [&](const v1::Quarantined& entry) {
    found.push_back(entry);
  };
  options.on_progress = [&](const IngestProgress& now) {
    progress.Update(now.done, now.total,
                    now.quarantined == 0
                        ? ""
                        : absl::StrCat(Count(now.quarantined), " quarantined"));
  };
  absl::StatusOr<IngestResult> result = OpenAndIngest(open, options, opening);
  report.took = progress.elapsed();
  report.status = result.status();
  if (result.ok()) {
    report.result = *std::move(result);
    report.published_before =
        std::find(before.begin(), before.end(), report.result.info.version()) !=
        before.end();
  } else {
    report.result.quarantined = std::move(found);
  }
  return report;
}

// The report file is written before the work too: one that cannot be written is
// no surprise at the end, and a killed ingest leaves a true one.
absl::Status WriteReport(const IngestFlags& flags, const IngestReport& report) {
  if (flags.report_file.empty()) return absl::OkStatus();
  return WriteFileAtomically(flags.report_file, ToJson(report));
}

int RunIngest(const IngestFlags& flags, const OpenSource& open) {
  const std::string what = absl::StrCat("ingest ", flags.options.dataset);
  IngestReport unfinished;
  unfinished.dataset = flags.options.dataset;
  unfinished.status = absl::AbortedError("the ingest did not finish");
  if (absl::Status status = WriteReport(flags, unfinished); !status.ok()) {
    return Fail(what, status);
  }
  Opening opening([&] {
    if (flags.json) std::fputs(ToJson(unfinished).c_str(), stdout);
    FailInterrupted(what);
  });
  const IngestReport report = Run(open, flags.options, &opening);
  const absl::Status written = WriteReport(flags, report);
  if (flags.json) std::fputs(ToJson(report).c_str(), stdout);
  std::fputs(QuarantineNotice(report, flags.report_file).c_str(), stderr);
  for (const std::string& note : report.result.notes) {
    Say(absl::StrCat("note: ", note));
  }
  if (absl::IsCancelled(report.status)) return FailInterrupted(what);
  if (!report.status.ok()) return Fail(what, report.status);
  if (!flags.json) std::fputs(ToText(report).c_str(), stdout);
  if (!written.ok()) return Fail(what, written);
  return kDone;
}

// Buffers of some 100 KB come and go from thread to thread: memory that is
// given back to the system each time must be found, and cleared, by it again.
void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

// Declares one form; returns its app and flags for the flags of its own. Pixels
// of an IDX file are no image files: they are stored as they are.
template <typename Files>
struct Form {
  CLI::App* app;
  std::shared_ptr<IngestFlags> flags = std::make_shared<IngestFlags>();
  std::shared_ptr<Files> files = std::make_shared<Files>();

  void Finish(absl::StatusOr<std::unique_ptr<Source>> (*open)(const Files&),
              Exit* exit) {
    AddSharedFlags(app, flags.get());
    if constexpr (!std::is_same_v<Files, MnistFiles>) {
      AddImageFlags(app, &flags->options.images);
    }
    app->callback([flags = flags, files = files, open, exit] {
      KeepFreedMemory();
      exit->code = RunIngest(*flags, [&] { return open(*files); });
    });
  }
};

void AddImages(CLI::App* app, std::string* images, const char* type,
               const char* help) {
  app->add_option("--images", *images, help)->type_name(type)->required();
}

void AddMnist(CLI::App* ingest, Exit* exit) {
  Form<MnistFiles> form{ingest->add_subcommand(
      "mnist", "MNIST and its kin: a pair of IDX files")};
  AddImages(form.app, &form.files->images, "FILE",
            "IDX3 file of unsigned bytes, plain or gzip");
  form.app
      ->add_option("--labels", form.files->labels,
                   "IDX1 file of unsigned bytes, plain or gzip")
      ->type_name("FILE")
      ->required();
  form.Finish(&OpenMnistSource, exit);
  form.app->footer(
      "Example:\n"
      "  millrace ingest mnist --dataset mnist/train --data-dir data \\\n"
      "      --images train-images-idx3-ubyte.gz \\\n"
      "      --labels train-labels-idx1-ubyte.gz");
}

void AddImagenet(CLI::App* ingest, Exit* exit) {
  Form<ImagenetFiles> form{ingest->add_subcommand(
      "imagenet", "ImageNet/ILSVRC: folders by WordNet id, or a flat folder")};
  ImagenetFiles& files = *form.files;
  AddImages(form.app, &files.images, "DIR",
            "Folder of <wnid>/*.JPEG, or of JPEGs alone");
  form.app
      ->add_option("--boxes", files.boxes,
                   "Folder of ILSVRC XML, or LOC_*_solution.csv")
      ->type_name("DIR_OR_CSV");
  form.app
      ->add_option("--synsets", files.synsets,
                   "Titles: LOC_synset_mapping.txt, words.txt, or both")
      ->type_name("FILE...")
      ->expected(1, 1000);
  form.app
      ->add_option("--hierarchy", files.hierarchy,
                   "wordnet.is_a.txt: 'parent child' a line")
      ->type_name("FILE");
  form.app
      ->add_option("--ground-truth", files.ground_truth,
                   "Labels of a flat folder; forms below")
      ->type_name("FILE");
  form.Finish(&OpenImagenetSource, exit);
  form.app->footer(
      "Examples:\n"
      "  millrace ingest imagenet --dataset imagenet/train --data-dir data \\\n"
      "      --images ILSVRC/Data/CLS-LOC/train \\\n"
      "      --boxes ILSVRC/Annotations/CLS-LOC/train \\\n"
      "      --synsets LOC_synset_mapping.txt words.txt \\\n"
      "      --hierarchy wordnet.is_a.txt\n"
      "  millrace ingest imagenet --dataset imagenet/val --data-dir data \\\n"
      "      --images ILSVRC/Data/CLS-LOC/val \\\n"
      "      --boxes LOC_val_solution.csv --ground-truth LOC_val_solution.csv "
      "\\\n"
      "      --synsets LOC_synset_mapping.txt\n\n"
      "Ground truth is LOC_val_solution.csv; or '<file> <wnid>', one image a\n"
      "line; or one wnid a line; or one number a line, 1 for the first line "
      "of\n"
      "--synsets. LOC_synset_mapping.txt lists the classes; words.txt names "
      "all of\n"
      "WordNet, so also what stands above the classes in --hierarchy.");
}

void AddCoco(CLI::App* ingest, Exit* exit) {
  Form<CocoFiles> form{ingest->add_subcommand(
      "coco", "COCO: one folder of images, any of its annotation files")};
  AddImages(form.app, &form.files->images, "DIR", "Folder of the images");
  form.app
      ->add_option("--annotations", form.files->annotations,
                   "Any of its JSON files; joined by image id")
      ->type_name("FILE...")
      ->expected(1, 1000)
      ->required();
  form.Finish(&OpenCocoSource, exit);
  form.app->footer(
      "Example:\n"
      "  millrace ingest coco --dataset coco/val2017 --data-dir data \\\n"
      "      --images val2017 --annotations "
      "annotations/instances_val2017.json \\\n"
      "      annotations/person_keypoints_val2017.json "
      "annotations/captions_val2017.json");
}

void AddFolder(CLI::App* ingest, Exit* exit) {
  Form<FolderFiles> form{ingest->add_subcommand(
      "folder", "A plain tree: one folder a class, images below")};
  AddImages(form.app, &form.files->images, "DIR",
            "Folder of <class>/**/*.jpg or .png");
  form.Finish(&OpenFolderSource, exit);
  form.app->footer(
      "Example:\n"
      "  millrace ingest folder --dataset pets --data-dir data --images pets/");
}

}  // namespace

void AddIngest(CLI::App* app, Exit* exit) {
  CLI::App* ingest = app->add_subcommand(
      "ingest", "Check source files and publish them as a dataset");
  AddMnist(ingest, exit);
  AddImagenet(ingest, exit);
  AddCoco(ingest, exit);
  AddFolder(ingest, exit);
  ingest->require_subcommand(1);
  ingest->footer(
      "Every image is decoded. What fails is quarantined: left out, and "
      "listed\n"
      "with its reason. JPEGs are rewritten without loss, so that a crop can\n"
      "be read alone; their pixels are compared. A dataset appears whole or\n"
      "not at all, and the same content always gets the same version.\n\n"
      "Exit codes: 0 published, perhaps without what is in quarantine; 1 "
      "refused,\n"
      "nothing published, also where a file or folder that is named cannot be "
      "read;\n"
      "2 wrong usage; 130 interrupted, nothing published.\n\n"
      "Example:\n"
      "  millrace ingest folder --dataset pets --data-dir data --images pets/ "
      "\\\n"
      "      --report pets.json\n\n"
      "More: millrace ingest FORM --help");
}

}  // namespace millrace::cli
