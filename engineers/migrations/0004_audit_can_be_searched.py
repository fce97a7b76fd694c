"""Entries know the person they are about, and the trail is searched by index. What is there already is filled in."""

import re
from importlib import import_module

from django.db import migrations, models

append_only = import_module("engineers.migrations.0002_audit_is_append_only")

# Records about a person start their label with “Name (employee number)”.
PERSON = re.compile(r"(?P<person>.*? \((?P<employee_no>[^()]+)\))")
BATCH = 2000


def fill_in(apps, editor):
    """Say of old entries whom they are about. The trail's refusal of changes is lifted for this alone."""
    entry_model = apps.get_model("engineers", "AuditEntry")
    if not entry_model.objects.exists():
        return
    append_only.allow(apps, editor)
    people = {
        engineer.employee_no: engineer for engineer in apps.get_model("engineers", "Engineer").objects.iterator()
    }
    ids = {engineer.pk for engineer in people.values()}
    changed = []
    for entry in entry_model.objects.order_by("pk").iterator(chunk_size=BATCH):
        entry.concerned_id = _person_of(entry, people, ids)
        if entry.concerned_id is not None:
            changed.append(entry)
        if len(changed) == BATCH:
            entry_model.objects.bulk_update(changed, ["concerned_id"], batch_size=200)
            changed = []
    entry_model.objects.bulk_update(changed, ["concerned_id"], batch_size=200)
    append_only.forbid(apps, editor)


def _person_of(entry, people, ids):
    if entry.target_type == "engineers.engineer":
        return entry.target_id if entry.target_id in ids else None
    found = PERSON.match(entry.target_label)
    engineer = people.get(found["employee_no"]) if found else None
    if engineer is None or found["person"] != f"{engineer.name} ({engineer.employee_no})":
        return None
    return engineer.pk


class Migration(migrations.Migration):
    dependencies = [
        ("engineers", "0003_leave"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="concerned_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="person concerned"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["action", "-id"], name="audit_by_action"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor", "-id"], name="audit_by_actor"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["concerned_id", "-id"], name="audit_by_person"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["at"], name="audit_by_time"),
        ),
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]
