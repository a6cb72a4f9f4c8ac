"""Makes the tables with their person and their client, serves on a free loopback port, says which on standard output, and
ends with whoever holds the other end of standard input."""

import json
import os
import shutil
import sys
import threading

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_):
        """Each request would be a line; what goes wrong is logged elsewhere."""


def end_with_our_starter():
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["DATA_FOLDER"], ignore_errors=True)
    os._exit(0)


def fill_database():
    from django.contrib.auth import get_user_model
    from oauth2_provider.models import get_application_model

    get_user_model().objects.create_user(
        os.environ["PERSON_NAME"],
        email="alice@pixie-auth.test",
        password=os.environ["PERSON_PASSWORD"],
        first_name="Alice",
        last_name="Liddell",
    )
    Application = get_application_model()
    Application.objects.create(
        name="interop",
        client_id="spa",
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris=f"{settings.PAGES_ORIGIN}/callback",
        post_logout_redirect_uris=f"{settings.PAGES_ORIGIN}/signed-out",
        allowed_origins=settings.PAGES_ORIGIN,
    )


def main():
    threading.Thread(target=end_with_our_starter, daemon=True).start()
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    django.setup()
    call_command("migrate", verbosity=0, run_syncdb=True)
    fill_database()
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


main()
