//! The program fails when the layouts differ.

use std::process::Command;

#[test]
fn the_layouts_are_equal() {
    let output = Command::new(env!("CARGO_BIN_EXE_adopt-layouts")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.matches("create_order_items").count(), 4, "{text}");
    assert_eq!(text.matches("catalog: 21 columns, constraints and indexes").count(), 4, "{text}");
    assert!(text.ends_with("in each of the 4 layouts.\n"), "{text}");
}
