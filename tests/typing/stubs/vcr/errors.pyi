from vcr.request import Request

class CannotOverwriteExistingCassetteException(Exception):
    failed_request: Request
