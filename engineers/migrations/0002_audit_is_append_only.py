"""The database itself refuses to change or delete a line of the audit trail."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "engineers_auditentry"
MESSAGE = "the audit trail is only appended to"


def forbid(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        editor.execute(
            f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
            f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        editor.execute(
            f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )


def allow(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP TRIGGER {TABLE}_append_only ON {TABLE}")
        editor.execute(f"DROP FUNCTION {TABLE}_refuse()")
        return
    for event in ("update", "delete"):
        editor.execute(f"DROP TRIGGER {TABLE}_no_{event}")


class Migration(migrations.Migration):
    dependencies = [("engineers", "0001_initial")]
    operations = [migrations.RunPython(forbid, allow)]
