from django.db import migrations


# What is typed is kept where indexes find it. A member may have held anything before it became a field: what does not fit
# its type has no row here.
FUNCTIONS = r"""
CREATE FUNCTION media_library_number(member jsonb) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN CASE jsonb_typeof(member) WHEN 'number' THEN (member #>> '{}')::float8 END;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;

CREATE FUNCTION media_library_date(member jsonb) RETURNS date LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN CASE WHEN jsonb_typeof(member) = 'string' AND member #>> '{}' ~ '^\d{4}-\d\d-\d\d$' THEN (member #>> '{}')::date END;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;

CREATE FUNCTION media_library_typed(field media_library_metadatafield, member jsonb)
RETURNS TABLE (number float8, date date, choice_id bigint) LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  IF field.type IN ('integer', 'decimal') AND media_library_number(member) IS NOT NULL THEN
    RETURN QUERY SELECT media_library_number(member), NULL::date, NULL::bigint;
  ELSIF field.type = 'date' AND media_library_date(member) IS NOT NULL THEN
    RETURN QUERY SELECT NULL::float8, media_library_date(member), NULL::bigint;
  ELSIF field.type IN ('choice', 'choices') THEN
    RETURN QUERY SELECT NULL::float8, NULL::date, choice.id FROM media_library_metadatachoice AS choice
    WHERE choice.field_id = field.id AND choice.external_id = ANY(CASE jsonb_typeof(member)
      WHEN 'string' THEN ARRAY[member #>> '{}']
      WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(member)) END);
  END IF;
END $$;
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
  INSERT INTO media_library_metadatavalue (asset_id, field_id, number, date, choice_id)
  SELECT NEW.id, field.id, typed.number, typed.date, typed.choice_id
  FROM media_library_metadatafield AS field,
    media_library_typed(field, NEW.metadata -> field.external_id) AS typed
  WHERE field.library_id = NEW.library_id AND NEW.metadata ? field.external_id;
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
  INSERT INTO media_library_metadatavalue (asset_id, field_id, number, date)
  SELECT asset.id, NEW.id, typed.number, typed.date
  FROM media_library_asset AS asset, media_library_typed(NEW, asset.metadata -> NEW.external_id) AS typed
  WHERE asset.library_id = NEW.library_id AND asset.metadata ? NEW.external_id;
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
  media_library_metadata_changed, media_library_typed, media_library_date, media_library_number;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('media_library', '0019_metadata_fields'),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDONE),
    ]
