/** `npm run package`: makes build/anyctl_VERSION_ARCHITECTURE.deb of what is built, and prints its path. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run.ts";
import { MAINTAINER, writeTree } from "./tree.ts";
import { commitOf, packageVersion } from "./version.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const SCRIPTS = ["postinst", "prerm", "postrm"];

/** Of the package's files: an xz of them all takes a minute, and who tests the package has no use for it. */
const COMPRESSION = process.env["ANYCTL_DEB_COMPRESSION"] ?? "xz";

async function makePackage(): Promise<string> {
  const build = join(ROOT, "build");
  mkdirSync(build, { recursive: true });
  const work = mkdtempSync(join(build, ".work-"));
  try {
    const { version: released }: Record<string, unknown> = Object(
      JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")),
    );
    const commit = commitOf(ROOT, String(released));
    const nowS = Math.floor(Date.now() / 1000);
    const version = packageVersion(String(released), commit, nowS);
    const tree = join(work, "tree");
    mkdirSync(tree);
    const { node, nodePath, conffiles } = await writeTree(ROOT, tree, {
      version: version.debian,
      epochS: version.epochS,
    });
    writeControl(tree, {
      VERSION: version.debian,
      ARCHITECTURE: node.architecture,
      MAINTAINER,
      INSTALLED_SIZE: run(["du", "-sk", "--apparent-size", tree], ROOT).split("\t")[0] ?? "",
      DEPENDS: libraries(work, join(tree, nodePath)),
    });
    writeFileSync(join(tree, "DEBIAN/conffiles"), `${conffiles.join("\n")}\n`);
    const deb = join(build, `anyctl_${version.debian}_${node.architecture}.deb`);
    run(["dpkg-deb", "--root-owner-group", `-Z${COMPRESSION}`, "--build", tree, deb], ROOT, {
      SOURCE_DATE_EPOCH: String(version.epochS),
    });
    return deb;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function writeControl(tree: string, words: Readonly<Record<string, string>>): void {
  const source = (name: string): string =>
    readFileSync(join(ROOT, "packaging/debian", name), "utf8");
  const folder = join(tree, "DEBIAN");
  mkdirSync(folder, { mode: 0o755 });
  const control = source("control").replaceAll(
    /@([A-Z_]+)@/g,
    (_, word: string) => words[word] ?? "",
  );
  writeFileSync(join(folder, "control"), control);
  const agents = source("agents.sh").trimEnd();
  for (const name of SCRIPTS) {
    const path = join(folder, name);
    writeFileSync(
      path,
      source(name).replace("#AGENTS#", () => agents),
    );
    chmodSync(path, 0o755);
  }
  const sums = run(
    [
      "sh",
      "-c",
      "find . -path ./DEBIAN -prune -o -type f -printf '%P\\0' | sort -z | xargs -0 md5sum",
    ],
    tree,
  );
  writeFileSync(join(folder, "md5sums"), sums);
}

/** What the private Node.js links, in the versions that it was built for. */
function libraries(work: string, node: string): string {
  // dpkg-shlibdeps reads this where a source package would have it.
  mkdirSync(join(work, "debian"));
  writeFileSync(
    join(work, "debian/control"),
    "Source: anyctl\n\nPackage: anyctl\nArchitecture: any\n",
  );
  const [, depends = ""] = run(["dpkg-shlibdeps", "-O", node], work)
    .trim()
    .split("shlibs:Depends=");
  if (depends === "") throw new Error("Cannot find out what Node.js links");
  return depends;
}

writeSync(1, `${relative(process.cwd(), await makePackage())}\n`);
