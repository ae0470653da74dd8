//! Names that are credentials, and names that only sound so.

use ccdump_secrets::{is_credential, is_parameter};

#[test]
fn credentials_by_name() {
    for name in "authorization Proxy-Authorization cf-aig-authorization X-Serverless-Authorization \
         Authentication Authentication-Info Helicone-Auth x-oauth X-Auth-Key X-Authn xAuthToken \
         XAUTHTOKEN x_auth_token x-api-key X-API-KEY apikey ApiKey api.key Ocp-Apim-Subscription-Key \
         x-portkey-virtual-key x-portkey-api-key X-Litellm-Key anthropic-admin-key X-Access-Key \
         x-license-key key keys Private-Token X-Vault-Token x-session-token X-Id-Token X-CSRF-Token \
         x-xsrf job-token token X-Amz-Security-Token X-Password x-passwd passphrase X-Credential \
         Cookie Set-Cookie Set-Cookie2 X-Goog-Iap-Jwt-Assertion Cf-Access-Jwt-Assertion \
         Cf-Access-Client-Secret X-Amzn-Oidc-Data x-session session X-Hub-Signature-256 \
         Stripe-Signature Dpop DPoP X-Forwarded-Client-Cert X-ARR-ClientCert X-Honeycomb-Team \
         x-bearer client_secret refresh_token id_token_hint tokens-secret x-otp sig x-signature \
         x-auth-tokens x-user-session authorisation x-tokens-auth password1 pwd"
        .split_whitespace()
    {
        assert!(is_credential(name), "{name}");
    }
}

#[test]
fn names_that_are_no_credentials() {
    for name in "X-Claude-Code-Session-Id session-id x-session-id x-parent-session-id thread-id \
         x-codex-parent-thread-id mcp-session-id sessionId session_id x-session-affinity \
         x-codex-turn-metadata x-client-request-id x-claude-code-agent-id \
         x-claude-code-prev-tool-durations x-app request-id x-request-id cf-ray \
         anthropic-ratelimit-tokens-limit anthropic-ratelimit-unified-5h-reset \
         x-ratelimit-remaining-tokens x-rate-limit-reset-tokens x-request-token-count x-max-tokens \
         tokens maxTokens totalTokenCount x-tokenizer token-type token_expires_in tokenExpiresAt \
         x-litellm-key-spend x-litellm-key-alias x-api-key-name sec-websocket-key \
         sec-websocket-accept Idempotency-Key X-Idempotency-Key aws-kms-key-id AWSAccessKeyId \
         Key-Pair-Id www-authenticate Proxy-Authenticate author x-author author-name :authority \
         authority x-goog-authenticated-user-email keep-alive keyboard x-monkey keyword \
         x-portkey-provider x-portkey-trace-id surrogate-key x-cache-key prompt_cache_key public-key \
         Public-Key-Pins access-control-allow-credentials access-control-allow-headers \
         content-security-policy strict-transport-security sec-fetch-mode sec-ch-ua anthropic-version \
         anthropic-beta anthropic-organization-id openai-organization openai-processing-ms \
         openai-version retry-after etag user-agent content-type x-stainless-retry-count traceparent \
         tracestate baggage x-pass-through pageToken next_page_token x-sessions-active \
         x-active-sessions - x-session-count session_source"
        .split_whitespace()
        .chain([""])
    {
        assert!(!is_credential(name), "{name}");
    }
}

#[test]
fn parameters_by_name() {
    for name in "key KEY api_key api-key apiKey x-api-key api%5Fkey api%255Fkey API+KEY subscription-key code \
         CODE sig signature X-Amz-Signature X-Amz-Credential X-Amz-Security-Token x-amz-anything \
         client_secret id_token refresh_token access_token auth password session_token jwt ticket \
         user[password] ~t code_verifier %6B%65%79 X-Goog-Signature code_verifier_secret authtoken \
         sas"
    .split_whitespace()
    {
        assert!(is_parameter(name), "{name}");
    }
    for name in "beta alt limit after_id api-version max_tokens pageToken session_id X-Amz-Date X-Amz-Expires \
         X-Amz-Algorithm X-Amz-SignedHeaders upload_id model author keyword error_code q % %zz \
         country purpose stream"
        .split_whitespace()
        .chain([""])
    {
        assert!(!is_parameter(name), "{name}");
    }
}
