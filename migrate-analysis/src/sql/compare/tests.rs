use super::{Sameness, expressions, queries};

/// The columns of a table, an expression over them, and how PostgreSQL 15 prints it.
#[test]
fn what_postgres_prints_is_what_is_written() {
    let mut perhaps = Vec::new();
    for line in include_str!("../../../tests/cases/expressions.tsv").lines() {
        let mut fields = line.split('\t').skip(1);
        let (written, printed) = (fields.next().unwrap(), fields.next().unwrap());
        match expressions(written, printed) {
            Sameness::Same => {}
            Sameness::Perhaps => perhaps.push(line),
            Sameness::Different => panic!("{written}\n{printed}"),
        }
    }
    println!("{}\n{}", perhaps.join("\n"), perhaps.len());
    assert!(perhaps.len() <= 20, "{}: {perhaps:#?}", perhaps.len());
}
