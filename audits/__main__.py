import sys

from audits import code, packages

AUDITS = {"code": code.audit, "packages": packages.audit}

if __name__ == "__main__":
    sys.exit(max([AUDITS[name]() for name in sys.argv[1:] or AUDITS]))
