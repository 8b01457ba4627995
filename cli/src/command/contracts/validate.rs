//! `contracts validate`

use std::{
    borrow::Cow,
    io::{BufReader, Read as _},
    path::PathBuf,
};

use artifactstore_contracts::{
    model::{ModelViolation, ViolationType},
    validate_event,
    validator::{ConformanceResult, validate_stream},
};
use artifactstore_types::Category;
use serde_json::Value;

use crate::{
    args::Validate,
    command::Ended,
    context::Context,
    faults,
    input::{self, Input},
    output::Stop,
};

/// A longer payload is refused, as a longer line of a stream is.
const LONGEST_PAYLOAD: u64 = 16 << 20;

pub async fn run(arguments: Validate, context: &mut Context) -> Result<Ended, Stop> {
    let Validate { event_type, jsonl, file } = arguments;
    let all_valid = match event_type {
        Some(event_type) if !jsonl => payload(event_type, file, context).await?,
        _ => stream(file, context).await?,
    };
    Ok(if all_valid { Ended::Well } else { Ended::With(Category::Invalid) })
}

async fn payload(event_type: String, file: Option<PathBuf>, context: &mut Context) -> Result<bool, Stop> {
    let text = context.apart(move || read(input::open(file.as_deref())?)).await?;
    let result = match parse(&text) {
        Ok(payload) => {
            validate_event(&payload, &event_type).map_err(|unknown| faults::not_understood(unknown.to_string()))?
        }
        Err(reason) => unreadable(event_type, &reason),
    };
    context.output.object(&result)?;
    Ok(result.valid)
}

async fn stream(file: Option<PathBuf>, context: &mut Context) -> Result<bool, Stop> {
    let writer = context.output.apart()?;
    let tally = context.apart(move || Ok(validate_stream(input::open(file.as_deref())?, writer)?)).await?;
    Ok(tally.invalid == 0)
}

/// Reads a payload, and of one that is too long no more than shows it.
fn read(input: BufReader<Input>) -> Result<Vec<u8>, Stop> {
    let mut text = Vec::new();
    input.take(LONGEST_PAYLOAD + 1).read_to_end(&mut text)?;
    Ok(text)
}

fn parse(text: &[u8]) -> Result<Value, String> {
    if u64::try_from(text.len()).is_ok_and(|length| length > LONGEST_PAYLOAD) {
        return Err(format!("longer than {LONGEST_PAYLOAD} bytes"));
    }
    serde_json::from_slice(text).map_err(|reason| reason.to_string())
}

/// The result for what is no JSON, in the form it has in a stream.
fn unreadable(event_type: String, reason: &str) -> ConformanceResult {
    let violation = ModelViolation {
        field: String::new(),
        violation_type: ViolationType::JsonInvalid,
        message: format!("Invalid JSON: {reason}"),
        input_value: Value::Null,
    };
    ConformanceResult {
        event_type: Cow::Owned(event_type),
        valid: false,
        model_violations: vec![violation],
        schema_violations: Vec::new(),
        schema_check_skipped: true,
    }
}
