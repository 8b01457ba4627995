//! What an error of PostgreSQL means, by its SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use artifactstore_types::Fault;
use sqlx::Error;

use crate::faults;

pub(super) fn fault(operation: &str, error: &Error) -> Fault {
    tracing::debug!(operation, %error, "PostgreSQL failed");
    let Error::Database(database) = error else { return faults::of_driver(operation, error) };
    let code = database.code().unwrap_or_default();
    match &*code {
        // The administrator, a crash, a server that is starting up or stopping, or one that has too many connections.
        "57P01" | "57P02" | "57P03" | "57P05" | "53300" => faults::unreachable(operation),
        // Cancelled by a time limit, or given up in favour of another transaction.
        "57014" | "55P03" | "40001" | "40P01" => faults::took_too_long(operation),
        // Undefined table, column or function: not this program's schema.
        "42P01" | "42703" | "42883" => faults::foreign_schema(operation),
        // Insufficient privilege, read-only transaction, no such database.
        "42501" | "25006" | "3D000" => faults::shut_out(operation),
        code if code.starts_with("28") => faults::shut_out(operation),
        code if code.starts_with("53") => faults::no_room(operation),
        code if code.starts_with("08") || code.starts_with("58") => faults::unreachable(operation),
        code if code.starts_with("XX") => faults::damaged(operation),
        code => faults::refused_statement(operation, code),
    }
}
