"""Rows of tables: counted, or estimated where counting would take long."""

from warehouse import execute

from aomuse import schema

ROWS = 12_000
MANY = {
    "mariadb": f"CREATE TABLE many (PRIMARY KEY (seq)) SELECT seq FROM seq_1_to_{ROWS}",
    "sqlite": (
        "CREATE TABLE many AS WITH RECURSIVE numbers(seq) AS"
        f" (SELECT 1 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < {ROWS})"
        " SELECT seq FROM numbers"
    ),
}


def test_a_large_table_of_mariadb_is_estimated_and_every_other_counted(engine, monkeypatch):
    monkeypatch.setattr(schema, "MOST_COUNTED", 10_000)
    analyse = ("ANALYZE TABLE many",) if engine.dialect.name == "mariadb" else ()
    execute(engine, MANY[engine.dialect.name], *analyse)
    with engine.connect() as connection:
        counts = schema.row_counts(connection, ["many", "exposure", "wavelength_window"])
    assert (counts["exposure"], counts["wavelength_window"]) == ("0", "5")
    word, _, number = counts["many"].rpartition(" ")
    assert word == ("about" if engine.dialect.name == "mariadb" else "")
    assert abs(int(number.replace(",", "")) / ROWS - 1) < (0.2 if word else 1e-9)
