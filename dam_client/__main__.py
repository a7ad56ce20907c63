from dam_client.cli import main

main()
