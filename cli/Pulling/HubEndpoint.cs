using HunyuanOrleans.Cli.CommandLine;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>The address of the hub and the user's access token.</summary>
/// <param name="Address">The address, without a trailing slash.</param>
/// <param name="Token">The user's token; null sends anonymous requests.</param>
internal sealed record HubEndpoint(string Address, string? Token)
{
    /// <summary>The environment variable that holds the address.</summary>
    public const string AddressVariable = "HF_ENDPOINT";

    /// <summary>The environment variable that holds the token.</summary>
    public const string TokenVariable = "HF_TOKEN";

    private const string DefaultAddress = "https://huggingface.co";

    /// <summary>Reads the endpoint from the environment variables.</summary>
    /// <exception cref="UsageException">A variable has an invalid value.</exception>
    public static HubEndpoint FromEnvironment() => Of(
        Environment.GetEnvironmentVariable(AddressVariable), Environment.GetEnvironmentVariable(TokenVariable));

    /// <summary>Creates an endpoint from the values of the environment variables.</summary>
    /// <param name="address">The address; null or empty means Hugging Face.</param>
    /// <param name="token">The token; null or empty means none.</param>
    /// <exception cref="UsageException">A value is invalid.</exception>
    public static HubEndpoint Of(string? address, string? token)
    {
        address = string.IsNullOrWhiteSpace(address) ? DefaultAddress : address.Trim().TrimEnd('/');
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.Query.Length + uri.Fragment.Length + uri.UserInfo.Length > 0)
        {
            throw new UsageException($"{AddressVariable} must be an http or https address such as {DefaultAddress}, not '{address}'.");
        }

        // A token that was read from a file often ends with a line break.
        token = token?.Trim();
        return token is { Length: > 0 } && token.Any(static c => c is <= ' ' or >= '\x7f')
            ? throw new UsageException($"{TokenVariable} must be a token without spaces, control characters or characters outside ASCII.")
            : new(address, token is { Length: > 0 } ? token : null);
    }

    /// <summary>Whether an address is on the hub itself, the only host that the token is sent to.</summary>
    public bool Owns(Uri url)
    {
        Uri own = new(Address);
        return Uri.Compare(own, url, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;
    }
}
