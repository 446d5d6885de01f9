using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client.Chat;

/// <summary>Applies the additional properties of chat options, which have the names that the HTTP API and vLLM use.</summary>
internal static class AdditionalChatOptions
{
    private static readonly Dictionary<string, Func<GenerationRequest, object, string, GenerationRequest>> Known = new(StringComparer.Ordinal)
    {
        ["repetition_penalty"] = static (r, v, n) => r with { Sampling = r.Sampling.With(repetitionPenalty: Number(v, n)) },
        ["min_p"] = static (r, v, n) => r with { Sampling = r.Sampling.With(minP: Number(v, n)) },
        ["ignore_eos"] = static (r, v, n) => r with { IgnoreEos = Flag(v, n) },
        ["include_stop_str_in_output"] = static (r, v, n) => r with { IncludeStop = Flag(v, n) },
        ["stop_token_ids"] = static (r, v, n) => r with { StopIds = Ids(v, n) },
        ["cache_salt"] = static (r, v, n) => r with { CacheSalt = Text(v, n) },
    };

    /// <summary>Returns the request with one property applied. A null value changes nothing.</summary>
    /// <exception cref="NotSupportedException">The property is unknown.</exception>
    /// <exception cref="RequestException">The value has the wrong type.</exception>
    public static GenerationRequest Apply(GenerationRequest request, string name, object? value)
    {
        if (!Known.TryGetValue(name, out Func<GenerationRequest, object, string, GenerationRequest>? apply))
        {
            throw new NotSupportedException(
                $"ChatOptions.AdditionalProperties holds \"{name}\"; allowed: {string.Join(", ", Known.Keys)}.");
        }

        return value is null or JsonElement { ValueKind: JsonValueKind.Null } ? request : apply(request, value, name);
    }

    private static float Number(object value, string name) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } json => json.GetSingle(),
        float or double or decimal or int or long => Convert.ToSingle(value, CultureInfo.InvariantCulture),
        _ => throw RequestException.NotAllowed(name, value, "a number"),
    };

    private static bool Flag(object value, string name) => value switch
    {
        bool flag => flag,
        JsonElement { ValueKind: JsonValueKind.True or JsonValueKind.False } json => json.GetBoolean(),
        _ => throw RequestException.NotAllowed(name, value, "true or false"),
    };

    private static string Text(object value, string name) => value switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        _ => throw RequestException.NotAllowed(name, value, "a text"),
    };

    private static int[] Ids(object value, string name) => value switch
    {
        IEnumerable<int> ids => [.. ids],
        JsonElement { ValueKind: JsonValueKind.Array } json when json.EnumerateArray().All(static id => id.TryGetInt32(out _)) =>
            [.. json.EnumerateArray().Select(static id => id.GetInt32())],
        _ => throw RequestException.NotAllowed(name, value, "a list of whole numbers"),
    };
}
