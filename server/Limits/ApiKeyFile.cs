using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Limits;

/// <summary>
/// Reads a file of API keys, such as a mounted secret. A line holds a key, or <c>sha256:</c> and the hexadecimal hash of one, followed in
/// any order by <c>name=…</c>, <c>max_concurrent=…</c>, <c>requests_per_minute=…</c> and <c>tokens_per_minute=…</c>. Empty lines and lines
/// that begin with # are skipped. Errors name the line but never show its content.
/// </summary>
internal static class ApiKeyFile
{
    private const string HashPrefix = "sha256:";

    // Shorter keys could be guessed.
    private const int MinLength = 16;

    /// <summary>Reads the file.</summary>
    /// <exception cref="OptionsValidationException">The file is missing or malformed.</exception>
    public static IReadOnlyList<ApiKeyOptions> Read(string path)
    {
        List<ApiKeyOptions> keys = [];
        int number = 0;
        foreach (string line in Lines(path))
        {
            number++;
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 0 && words[0][0] != '#')
            {
                keys.Add(Key(words, $"{path}, line {number}", keys.Count));
            }
        }

        return keys.Count > 0 ? keys : throw Invalid($"{path} holds no key.");
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"The key file cannot be read: {e.Message}");
        }
    }

    private static ApiKeyOptions Key(string[] words, string place, int index)
    {
        ApiKeyOptions key = new() { Name = $"key{index + 1}", Sha256 = Hash(words[0], place) };
        foreach (string word in words.AsSpan(1))
        {
            string[] parts = word.Split('=', 2);
            if (parts is ["name", { Length: > 0 } name])
            {
                key.Name = name;
                continue;
            }

            if (word == "admin")
            {
                key.Administrator = true;
                continue;
            }

            if (parts.Length < 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int value))
            {
                throw Invalid($"{place}: after the key, allowed are admin, name=…, max_concurrent=N, requests_per_minute=N and tokens_per_minute=N.");
            }

            key.Limits ??= new LimitOptions();
            switch (parts[0])
            {
                case "max_concurrent":
                    key.Limits.MaxConcurrent = value;
                    break;
                case "requests_per_minute":
                    key.Limits.RequestsPerMinute = value;
                    break;
                case "tokens_per_minute":
                    key.Limits.TokensPerMinute = value;
                    break;
                default:
                    throw Invalid($"{place}: {parts[0]} is no limit; allowed are max_concurrent, requests_per_minute and tokens_per_minute.");
            }
        }

        return key;
    }

    private static string Hash(string word, string place)
    {
        if (word.StartsWith(HashPrefix, StringComparison.Ordinal))
        {
            string hash = word[HashPrefix.Length..];
            return ServerOptionsValidator.IsHash(hash) ? hash : throw Invalid($"{place}: sha256: must be followed by 64 hexadecimal digits.");
        }

        return word.Length >= MinLength
            ? Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(word)))
            : throw Invalid($"{place}: a key must have at least {MinLength} characters.");
    }

    private static OptionsValidationException Invalid(string message) => new(nameof(ServerOptions), typeof(ServerOptions), [message]);
}
