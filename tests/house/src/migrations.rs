//! Both engines have the same migrations: the same numbers and names, numbered without gap.

use std::path::Path;

pub fn check(root: &Path) -> Result<Vec<String>, String> {
    let names = |engine: &str| -> Result<Vec<String>, String> {
        let folder = root.join("migrations").join(engine);
        let files = crate::files_below(&folder, ".sql")?;
        Ok(files.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
    };
    let (postgres, sqlite) = (names("postgres")?, names("sqlite")?);
    let mut findings = Vec::new();
    if postgres != sqlite {
        findings.push(format!("postgres has {postgres:?}, sqlite has {sqlite:?}"));
    }
    for (index, name) in postgres.iter().enumerate() {
        let number = format!("{:04}_", index + 1);
        if !name.starts_with(&number) {
            findings.push(format!("{name} should start with {number}"));
        }
    }
    Ok(findings)
}
