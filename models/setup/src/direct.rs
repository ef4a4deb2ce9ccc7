//! Fetches packages without their registries' clients, from the registry that the client's configuration names.
//!
//! This is for images that hold neither npm nor pip but are configured for a mirror. Only what names the registry is
//! read; a configuration that needs more (credentials in files, proxies by scope) needs the client.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;
use url::Url;

use crate::fetch::{Package, installed, run};

/// What a simple index answers in JSON; it may answer in HTML too.
const INDEX_TYPES: &str = "application/vnd.pypi.simple.v1+json, text/html;q=0.5";

/// Fetches an npm package's tarball into `folder`.
pub(crate) fn npm(package: &Package<'_>, folder: &Path) -> Result<()> {
    let files = [in_home(".npmrc"), Some(PathBuf::from("/etc/npmrc"))];
    let base = configured(&["NPM_CONFIG_REGISTRY", "npm_config_registry"], &files, "registry").context(
        "npm is not installed and no registry is configured (NPM_CONFIG_REGISTRY, .npmrc): \
         install it, for example with `apt-get install npm`",
    )?;
    let plain_name = package.name.rsplit('/').next().unwrap_or(package.name);
    let address =
        folder_url(&base)?.join(&format!("{}/-/{plain_name}-{}.tgz", package.name, package.version))?;
    get(&address, "*/*", &folder.join(package.file_name()))
}

/// Fetches a wheel into `folder`.
pub(crate) fn pypi(package: &Package<'_>, folder: &Path) -> Result<()> {
    let files = [
        std::env::var_os("PIP_CONFIG_FILE").map(PathBuf::from),
        in_home(".config/pip/pip.conf"),
        in_home(".pip/pip.conf"),
        in_home("Library/Application Support/pip/pip.conf"),
        Some(PathBuf::from("/etc/pip.conf")),
    ];
    let base = configured(&["PIP_INDEX_URL"], &files, "index-url").context(
        "pip is not installed and no index is configured (PIP_INDEX_URL, pip.conf): \
         install it, for example with `apt-get install python3-pip`",
    )?;
    let index = folder_url(&base)?.join(&format!("{}/", package.name))?;
    let page = folder.join("index");
    get(&index, INDEX_TYPES, &page)?;
    let text = fs::read_to_string(&page)?;
    fs::remove_file(page)?;
    let file = package.file_name();
    let link = link_to(&text, &file).with_context(|| format!("the index has no file {file}"))?;
    get(&index.join(&link)?, "*/*", &folder.join(file))
}

fn in_home(path: &str) -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HOME")?).join(path))
}

/// Returns a setting from the environment, else from the first file that has it.
fn configured(variables: &[&str], files: &[Option<PathBuf>], key: &str) -> Option<String> {
    let set = variables.iter().find_map(|variable| std::env::var(variable).ok());
    set.filter(|value| !value.is_empty()).or_else(|| {
        let texts = files.iter().flatten().filter_map(|file| fs::read_to_string(file).ok());
        texts.filter_map(|text| setting(&text, key)).next()
    })
}

/// Returns the value of a `key = value` line.
fn setting(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().to_owned())
    })
}

/// Parses an address so that names are joined below it.
fn folder_url(address: &str) -> Result<Url> {
    let address = format!("{}/", address.trim_end_matches('/'));
    Url::parse(&address).context("the configured registry is not an address")
}

#[derive(Deserialize)]
struct Index {
    files: Vec<IndexFile>,
}

#[derive(Deserialize)]
struct IndexFile {
    filename: String,
    url: String,
}

/// Finds the link to `file` in a simple index's page, JSON or HTML.
fn link_to(page: &str, file: &str) -> Option<String> {
    if let Ok(index) = serde_json::from_str::<Index>(page) {
        return index.files.into_iter().find(|it| it.filename == file).map(|it| it.url);
    }
    let links = page.split("href=").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next()
    });
    links
        .map(|link| link.replace("&amp;", "&"))
        .find(|link| link.split(['#', '?']).next().and_then(|path| path.rsplit('/').next()) == Some(file))
}

/// Fetches `address` into `path`; errors do not repeat the address, which may hold credentials.
fn get(address: &Url, accept: &str, path: &Path) -> Result<()> {
    let header = format!("Accept: {accept}");
    let tool = installed(&[&["curl"], &["wget"]]);
    let mut command = match tool {
        Some(["curl"]) => {
            command("curl", &["--fail", "--silent", "--location", "--header", &header, "--output"])
        }
        Some(_) => command("wget", &["--quiet", "--header", &header, "--output-document"]),
        None => {
            return Err(anyhow!(
                "neither the registry's client nor curl or wget is installed: install npm and pip, for example with \
             `apt-get install npm python3-pip`"
            ));
        }
    };
    run(command.arg(path).arg(address.as_str()))
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args.iter().map(OsStr::new));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_registry_from_a_configuration() {
        let text = "[global]\n# index-url = no\ntimeout = 60\nindex-url = https://mirror.test/simple\n";
        assert_eq!(setting(text, "index-url").as_deref(), Some("https://mirror.test/simple"));
        assert_eq!(setting(text, "registry"), None);
    }

    #[test]
    fn keeps_the_path_of_a_mirror() {
        let url =
            folder_url("https://mirror.test/api/npm").unwrap().join("@scope/name/-/name-1.tgz").unwrap();
        assert_eq!(url.as_str(), "https://mirror.test/api/npm/@scope/name/-/name-1.tgz");
    }

    #[test]
    fn finds_a_wheel_in_either_kind_of_index() {
        let html = r#"<a href="../../x/a-1-none.whl#sha256=ab">a</a><a href='../../x/a-2-none.whl'>b</a>"#;
        assert_eq!(link_to(html, "a-2-none.whl").as_deref(), Some("../../x/a-2-none.whl"));
        assert_eq!(link_to(html, "a-1-none.whl").as_deref(), Some("../../x/a-1-none.whl#sha256=ab"));
        let json = r#"{"meta": {}, "files": [{"filename": "a-1-none.whl", "url": "https://mirror.test/a"}]}"#;
        assert_eq!(link_to(json, "a-1-none.whl").as_deref(), Some("https://mirror.test/a"));
        assert_eq!(link_to(json, "a-2-none.whl"), None);
    }
}
