from oauth2_provider.oauth2_validators import OAuth2Validator


class Validator(OAuth2Validator):
    """The person's claims, and what the library leaves to its users about prompt=none."""

    oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "name": "profile", "email": "email"}

    def get_additional_claims(self):
        return {
            "name": lambda request: request.user.get_full_name(),
            "email": lambda request: request.user.email,
        }

    def validate_silent_login(self, request):
        return bool(request.user and request.user.is_authenticated)

    def validate_silent_authorization(self, request):
        return True
