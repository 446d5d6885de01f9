using System.Net;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Checks the options at start; every message names the option, its value and what is allowed.</summary>
internal sealed class ServerOptionsValidator : IValidateOptions<ServerOptions>
{
    private const int HashDigits = 64;

    /// <summary>Whether a text is a SHA-256 in hexadecimal digits.</summary>
    public static bool IsHash(string text) => text.Length == HashDigits && text.All(char.IsAsciiHexDigit);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        List<string> wrong = [];
        Range(wrong, nameof(options.Port), options.Port, 0, 65535);
        Range(wrong, nameof(options.MaxBodyBytes), options.MaxBodyBytes, 1024, 1 << 30);
        Range(wrong, nameof(options.MaxJsonDepth), options.MaxJsonDepth, 8, 1000);
        Range(wrong, nameof(options.MaxPromptTokens), options.MaxPromptTokens, 0, int.MaxValue);
        Range(wrong, nameof(options.MaxChoices), options.MaxChoices, 1, 128);
        Range(wrong, nameof(options.MaxConnections), options.MaxConnections, 1, 1_000_000);
        Range(wrong, nameof(options.RequestTimeout), options.RequestTimeout.TotalSeconds, 1, 86400);
        Range(wrong, nameof(options.ShutdownTimeout), options.ShutdownTimeout.TotalSeconds, 0, 86400);
        CheckAddress(wrong, options);
        CheckKeys(wrong, options);
        if (options.OtlpEndpoint is { Length: > 0 } endpoint
            && !(Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"))
        {
            wrong.Add($"{nameof(options.OtlpEndpoint)} is '{endpoint}'; allowed: an http or https address.");
        }

        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static void CheckAddress(List<string> wrong, ServerOptions options)
    {
        if (ListenAddress.Parse(options.Host) is not IPAddress address)
        {
            wrong.Add($"{nameof(options.Host)} is '{options.Host}'; allowed: an IP address, localhost, or * for all addresses.");
        }
        else if (!IPAddress.IsLoopback(address) && !options.AllowAnonymous && options.Keys.Count == 0 && string.IsNullOrEmpty(options.KeyFile))
        {
            wrong.Add(
                $"{nameof(options.Host)} is '{options.Host}', which others can reach, and there is no API key. Give keys "
                + $"({nameof(options.Keys)} or {nameof(options.KeyFile)}), or set {nameof(options.AllowAnonymous)} to let everyone in.");
        }
    }

    private static void CheckKeys(List<string> wrong, ServerOptions options)
    {
        CheckLimits(wrong, nameof(options.Limits), options.Limits);
        for (int i = 0; i < options.Keys.Count; i++)
        {
            ApiKeyOptions key = options.Keys[i];
            if (string.IsNullOrWhiteSpace(key.Name))
            {
                wrong.Add($"{nameof(options.Keys)}:{i}:{nameof(key.Name)} is empty; a name for logs is needed.");
            }

            // What it holds is not shown: it may be the key itself.
            if (!IsHash(key.Sha256))
            {
                wrong.Add($"{nameof(options.Keys)}:{i}:{nameof(key.Sha256)} must be the key's SHA-256, {HashDigits} hexadecimal digits.");
            }

            if (key.Limits is not null)
            {
                CheckLimits(wrong, $"{nameof(options.Keys)}:{i}:{nameof(key.Limits)}", key.Limits);
            }
        }
    }

    private static void CheckLimits(List<string> wrong, string place, LimitOptions limits)
    {
        Range(wrong, $"{place}:{nameof(limits.MaxConcurrent)}", limits.MaxConcurrent, 0, int.MaxValue);
        Range(wrong, $"{place}:{nameof(limits.RequestsPerMinute)}", limits.RequestsPerMinute, 0, int.MaxValue);
        Range(wrong, $"{place}:{nameof(limits.TokensPerMinute)}", limits.TokensPerMinute, 0, int.MaxValue);
    }

    private static void Range(List<string> wrong, string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            wrong.Add(FormattableString.Invariant($"{name} is {value}; allowed: {least} to {most}."));
        }
    }
}
