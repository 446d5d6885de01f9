using System.Net;
using HunyuanOrleans.Server.Telemetry;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Validates <see cref="ServerOptions"/>. Every message names the option, its value and the values allowed.</summary>
internal sealed class ServerOptionsValidator : IValidateOptions<ServerOptions>
{
    private const int HashDigits = 64;

    /// <summary>Whether a text is a SHA-256 hash in hexadecimal digits.</summary>
    public static bool IsHash(string text) => text.Length == HashDigits && text.All(char.IsAsciiHexDigit);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        List<string> failures = [];
        CheckRange(failures, nameof(options.Port), options.Port, 0, 65535);
        CheckRange(failures, nameof(options.MaxBodyBytes), options.MaxBodyBytes, 1024, 1 << 30);
        CheckRange(failures, nameof(options.MaxJsonDepth), options.MaxJsonDepth, 8, ServerOptions.LargestJsonDepth);
        CheckRange(failures, nameof(options.MaxPromptTokens), options.MaxPromptTokens, 0, int.MaxValue);
        CheckRange(failures, nameof(options.MaxChoices), options.MaxChoices, 1, 128);
        CheckRange(failures, nameof(options.MaxPrompts), options.MaxPrompts, 1, 1024);
        if (!Enum.IsDefined(options.UnknownParameters))
        {
            failures.Add($"{nameof(options.UnknownParameters)} is '{options.UnknownParameters}'; allowed: Ignore, Warn, Refuse.");
        }

        CheckRange(failures, nameof(options.MaxStoredResponses), options.MaxStoredResponses, 0, 1_000_000);
        CheckRange(failures, nameof(options.MaxStoredResponseBytes), options.MaxStoredResponseBytes, 0, 1L << 40);
        CheckRange(failures, nameof(options.StoredResponseLifetime), options.StoredResponseLifetime.TotalSeconds, 1, 30 * 86400);
        CheckRange(failures, nameof(options.MaxConnections), options.MaxConnections, 1, 1_000_000);
        CheckRange(failures, nameof(options.RequestTimeout), options.RequestTimeout.TotalSeconds, 1, 86400);
        CheckRange(failures, nameof(options.KeepAliveInterval), options.KeepAliveInterval.TotalSeconds, 0, 3600);
        CheckRange(failures, nameof(options.ShutdownTimeout), options.ShutdownTimeout.TotalSeconds, 0, 86400);
        if (!ServerOptions.ReasoningParsers.Contains(options.ReasoningParser))
        {
            failures.Add($"{nameof(options.ReasoningParser)} is '{options.ReasoningParser}'; allowed: {string.Join(", ", ServerOptions.ReasoningParsers)}.");
        }

        CheckAddress(failures, options);
        CheckKeys(failures, options);
        if (options.OtlpEndpoint is { Length: > 0 } endpoint && TelemetryOptions.ParseEndpoint(endpoint) is null)
        {
            failures.Add($"{nameof(options.OtlpEndpoint)} is '{endpoint}'; allowed: an http or https address.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void CheckAddress(List<string> failures, ServerOptions options)
    {
        if (ListenAddress.Parse(options.Host) is not IPAddress address)
        {
            failures.Add($"{nameof(options.Host)} is '{options.Host}'; allowed: an IP address, localhost, or * for all addresses.");
        }
        else if (!IPAddress.IsLoopback(address) && !options.AllowAnonymous && options.Keys.Count == 0 && string.IsNullOrEmpty(options.KeyFile))
        {
            failures.Add(
                $"{nameof(options.Host)} is '{options.Host}', which others can reach, and there is no API key. Give keys "
                + $"({nameof(options.Keys)} or {nameof(options.KeyFile)}), or set {nameof(options.AllowAnonymous)} to let everyone in.");
        }
    }

    private static void CheckKeys(List<string> failures, ServerOptions options)
    {
        CheckLimits(failures, nameof(options.Limits), options.Limits);
        for (int i = 0; i < options.Keys.Count; i++)
        {
            ApiKeyOptions key = options.Keys[i];
            if (string.IsNullOrWhiteSpace(key.Name))
            {
                failures.Add($"{nameof(options.Keys)}:{i}:{nameof(key.Name)} is empty; a name for logs is needed.");
            }

            // The message does not show the value: it may be the key itself.
            if (!IsHash(key.Sha256))
            {
                failures.Add($"{nameof(options.Keys)}:{i}:{nameof(key.Sha256)} must be the key's SHA-256, {HashDigits} hexadecimal digits.");
            }

            if (key.Limits is not null)
            {
                CheckLimits(failures, $"{nameof(options.Keys)}:{i}:{nameof(key.Limits)}", key.Limits);
            }
        }
    }

    private static void CheckLimits(List<string> failures, string place, LimitOptions limits)
    {
        CheckRange(failures, $"{place}:{nameof(limits.MaxConcurrent)}", limits.MaxConcurrent, 0, int.MaxValue);
        CheckRange(failures, $"{place}:{nameof(limits.RequestsPerMinute)}", limits.RequestsPerMinute, 0, int.MaxValue);
        CheckRange(failures, $"{place}:{nameof(limits.TokensPerMinute)}", limits.TokensPerMinute, 0, int.MaxValue);
    }

    private static void CheckRange(List<string> failures, string name, double value, double min, double max)
    {
        if (!(value >= min && value <= max))
        {
            failures.Add(FormattableString.Invariant($"{name} is {value}; allowed: {min} to {max}."));
        }
    }
}
