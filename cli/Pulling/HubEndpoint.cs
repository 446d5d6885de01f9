using HunyuanOrleans.Cli.CommandLine;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Where the hub is and how this user is known there.</summary>
/// <param name="Address">Its address, without a slash at the end.</param>
/// <param name="Token">The user's token; null asks as anybody.</param>
internal sealed record HubEndpoint(string Address, string? Token)
{
    /// <summary>Environment variable with the address.</summary>
    public const string AddressVariable = "HF_ENDPOINT";

    /// <summary>Environment variable with the token.</summary>
    public const string TokenVariable = "HF_TOKEN";

    private const string DefaultAddress = "https://huggingface.co";

    /// <summary>The endpoint the environment names.</summary>
    /// <exception cref="UsageException">A variable cannot be used.</exception>
    public static HubEndpoint FromEnvironment() => Of(
        Environment.GetEnvironmentVariable(AddressVariable), Environment.GetEnvironmentVariable(TokenVariable));

    /// <summary>An endpoint from what the variables hold.</summary>
    /// <exception cref="UsageException">One cannot be used.</exception>
    public static HubEndpoint Of(string? address, string? token)
    {
        address = string.IsNullOrWhiteSpace(address) ? DefaultAddress : address.Trim().TrimEnd('/');
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.Query.Length + uri.Fragment.Length + uri.UserInfo.Length > 0)
        {
            throw new UsageException($"{AddressVariable} must be an http or https address such as {DefaultAddress}, not '{address}'.");
        }

        // Tokens come from files that often end with a line break.
        token = token?.Trim();
        return token is { Length: > 0 } && token.Any(static c => c is <= ' ' or >= '\x7f')
            ? throw new UsageException($"{TokenVariable} must be a token of letters and digits; it holds other characters.")
            : new(address, token is { Length: > 0 } ? token : null);
    }

    /// <summary>Whether an address is the hub itself, which alone may see the token.</summary>
    public bool Owns(Uri url)
    {
        Uri own = new(Address);
        return Uri.Compare(own, url, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;
    }
}
