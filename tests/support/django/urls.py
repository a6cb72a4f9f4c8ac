from django.contrib.auth import views
from django.urls import include, path
from oauth2_provider.urls import metadata_urlpatterns

urlpatterns = [
    # RFC 8414 §3.1: the well-known part comes before the issuer's path, and so outside of it.
    path("", include(metadata_urlpatterns)),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("accounts/login/", views.LoginView.as_view(), name="login"),
]
