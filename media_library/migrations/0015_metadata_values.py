from django.db import migrations


# What is typed is kept where indexes find it. A member may have held anything before it became a field: what does not fit
# its type has no row here.
FUNCTIONS = r"""
-- Beyond these bounds a double cannot hold it.
CREATE FUNCTION media_library_number(member jsonb) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(member) = 'number' THEN
  CASE WHEN member::numeric = 0 OR abs(member::numeric) BETWEEN 1e-300 AND 1e300 THEN member::numeric::float8 END END;

-- A day of the calendar: no later in its month than the last one.
CREATE FUNCTION media_library_date(member jsonb) RETURNS date LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(member) = 'string'
  AND member #>> '{}' ~ '^(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$' THEN
  CASE WHEN right(member #>> '{}', 2)::int <=
    extract(day FROM (left(member #>> '{}', 8) || '01')::date + interval '1 month' - interval '1 day')
  THEN (member #>> '{}')::date END END;
"""

# The library is locked, shared by whoever writes assets and alone by whoever makes fields: an asset that is being written
# while its field is being made is seen by one of both.
TRIGGERS = """
CREATE FUNCTION media_library_metadata_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM FROM media_library_library WHERE id = NEW.library_id FOR SHARE;
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM media_library_metadatavalue WHERE asset_id = NEW.id;
  END IF;
  WITH given AS MATERIALIZED (
    SELECT id, type, NEW.metadata -> external_id AS member FROM media_library_metadatafield
    WHERE library_id = NEW.library_id AND NEW.metadata ? external_id
  )
  INSERT INTO media_library_metadatavalue (asset_id, field_id, number, date, choice_id)
  SELECT NEW.id, id, media_library_number(member), NULL::date, NULL::bigint FROM given
  WHERE type IN ('integer', 'decimal') AND media_library_number(member) IS NOT NULL
  UNION ALL
  SELECT NEW.id, id, NULL, media_library_date(member), NULL FROM given
  WHERE type = 'date' AND media_library_date(member) IS NOT NULL
  UNION ALL
  SELECT NEW.id, given.id, NULL, NULL, choice.id
  FROM given JOIN media_library_metadatachoice AS choice ON choice.field_id = given.id
  WHERE type IN ('choice', 'choices') AND choice.external_id = ANY(CASE jsonb_typeof(member)
    WHEN 'string' THEN ARRAY[member #>> '{}']
    WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(member)) END);
  RETURN NULL;
END $$;

CREATE TRIGGER asset_values_made AFTER INSERT ON media_library_asset
FOR EACH ROW WHEN (NEW.metadata <> '{}') EXECUTE FUNCTION media_library_metadata_changed();

CREATE TRIGGER asset_values_changed AFTER UPDATE OF metadata, library_id ON media_library_asset
FOR EACH ROW WHEN ((OLD.metadata, OLD.library_id) IS DISTINCT FROM (NEW.metadata, NEW.library_id))
EXECUTE FUNCTION media_library_metadata_changed();

CREATE FUNCTION media_library_field_made() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM FROM media_library_library WHERE id = NEW.library_id FOR NO KEY UPDATE;
  IF NEW.type = 'date' THEN
    INSERT INTO media_library_metadatavalue (asset_id, field_id, date)
    SELECT id, NEW.id, media_library_date(metadata -> NEW.external_id) FROM media_library_asset
    WHERE library_id = NEW.library_id AND media_library_date(metadata -> NEW.external_id) IS NOT NULL;
  ELSE
    INSERT INTO media_library_metadatavalue (asset_id, field_id, number)
    SELECT id, NEW.id, media_library_number(metadata -> NEW.external_id) FROM media_library_asset
    WHERE library_id = NEW.library_id AND media_library_number(metadata -> NEW.external_id) IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER field_made AFTER INSERT ON media_library_metadatafield
FOR EACH ROW WHEN (NEW.type IN ('integer', 'decimal', 'date')) EXECUTE FUNCTION media_library_field_made();

CREATE FUNCTION media_library_choice_made() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  field media_library_metadatafield;
BEGIN
  SELECT * INTO field FROM media_library_metadatafield WHERE id = NEW.field_id;
  PERFORM FROM media_library_library WHERE id = field.library_id FOR NO KEY UPDATE;
  INSERT INTO media_library_metadatavalue (asset_id, field_id, choice_id)
  SELECT asset.id, field.id, NEW.id FROM media_library_asset AS asset
  WHERE asset.library_id = field.library_id
    AND (asset.metadata @> jsonb_build_object(field.external_id, NEW.external_id)
      OR asset.metadata @> jsonb_build_object(field.external_id, jsonb_build_array(NEW.external_id)));
  RETURN NULL;
END $$;

CREATE TRIGGER choice_made AFTER INSERT ON media_library_metadatachoice
FOR EACH ROW EXECUTE FUNCTION media_library_choice_made();

CREATE FUNCTION media_library_choice_named() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  spoken text := (
    SELECT language FROM media_library_library AS library
    WHERE id = (SELECT library_id FROM media_library_metadatafield WHERE id = NEW.field_id) FOR SHARE);
BEGIN
  NEW.words := media_library_vector(NEW.value, spoken::regconfig);
  RETURN NEW;
END $$;

CREATE TRIGGER choice_words BEFORE INSERT OR UPDATE ON media_library_metadatachoice
FOR EACH ROW EXECUTE FUNCTION media_library_choice_named();

CREATE OR REPLACE FUNCTION media_library_language_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE media_library_tag SET words = NULL WHERE library_id = NEW.id;
  UPDATE media_library_folder SET words = NULL WHERE library_id = NEW.id;
  UPDATE media_library_metadatachoice SET words = NULL
  WHERE field_id IN (SELECT id FROM media_library_metadatafield WHERE library_id = NEW.id);
  RETURN NULL;
END $$;
"""

UNDONE = """
CREATE OR REPLACE FUNCTION media_library_language_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE media_library_tag SET words = NULL WHERE library_id = NEW.id;
  UPDATE media_library_folder SET words = NULL WHERE library_id = NEW.id;
  RETURN NULL;
END $$;
DROP TRIGGER choice_words ON media_library_metadatachoice;
DROP TRIGGER choice_made ON media_library_metadatachoice;
DROP TRIGGER field_made ON media_library_metadatafield;
DROP TRIGGER asset_values_changed ON media_library_asset;
DROP TRIGGER asset_values_made ON media_library_asset;
DROP FUNCTION media_library_choice_named, media_library_choice_made, media_library_field_made,
  media_library_metadata_changed, media_library_date, media_library_number;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('media_library', '0014_metadata_fields'),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDONE),
    ]
