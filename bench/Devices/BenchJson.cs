using System.Text.Json;
using System.Text.Json.Serialization;

namespace HunyuanOrleans.Bench.Devices;

/// <summary>Writes the results of a benchmark as a JSON file with snake_case names.</summary>
internal static class BenchJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Writes a file; does nothing without a path.</summary>
    public static void Write<T>(string? path, T result)
    {
        if (path is not null)
        {
            File.WriteAllText(path, JsonSerializer.Serialize(result, Options));
        }
    }
}
