"""What is known to be dangerous: in our code (`python -m audits code`) and in packages of others (`python -m audits
packages`)."""
