import argparse

import translations


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m translations", description=translations.__doc__)
    parser.add_argument("--missing", action="store_true", help="list what is not translated yet, and change nothing")
    args = parser.parse_args()
    for language in translations.languages():
        catalog = translations.updated(language)
        missing = translations.missing(catalog)
        if args.missing:
            for message in missing:
                print(repr(message.id))
            continue
        path = translations.po_of(language)
        path.write_bytes(translations.written(catalog))
        path.with_suffix(".mo").write_bytes(translations.compiled(catalog))
        print(f"{language}: {len(catalog)} messages, {len(missing)} not translated yet")


if __name__ == "__main__":
    main()
