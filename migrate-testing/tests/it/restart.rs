//! A crash on request.

use migrate_testing::Server;

#[test]
fn what_was_committed_survives_a_crash_and_nothing_else() {
    let server = Server::start().unwrap();
    if server.bin_dir().is_none() {
        let error = server.restart().unwrap_err().to_string();
        assert!(error.contains("not ours to restart"), "{error}");
        return;
    }
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").unwrap();
    client.batch_execute("BEGIN; INSERT INTO t VALUES (2)").unwrap();
    for _ in 0..2 {
        server.restart().unwrap();
        assert!(client.batch_execute("COMMIT").is_err());
        client = database.connect().unwrap();
        let row = client.query_one("SELECT array_agg(n) FROM t", &[]).unwrap();
        assert_eq!(row.get::<_, Vec<i32>>(0), [1]);
    }
    drop(server.create_database().unwrap());
}
