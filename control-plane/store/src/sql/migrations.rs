//! The migrations, embedded: number, name and text of each, in order. A test compares the lists with the folders.

macro_rules! migrations {
    ($engine:literal: $($number:literal $name:literal),+ $(,)?) => {
        &[$((
            $number,
            $name,
            include_str!(concat!("../../../../migrations/", $engine, "/", $name, ".sql")),
        ),)+]
    };
}

type Migrations = &'static [(i64, &'static str, &'static str)];

pub(super) const POSTGRES: Migrations = migrations!("postgres": 1 "0001_create_registry", 2 "0002_seed_retention_classes", 3 "0003_create_contract_streams");
pub(super) const SQLITE: Migrations =
    migrations!("sqlite": 1 "0001_create_registry", 2 "0002_seed_retention_classes", 3 "0003_create_contract_streams");
