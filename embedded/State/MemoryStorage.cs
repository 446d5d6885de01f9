using System.Globalization;
using System.Text.Json;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>That a silo has a storage of this name.</summary>
internal sealed record MemoryStorageName(string Name);

/// <summary>
/// The cluster's stored states, as JSON: public properties and fields. They outlive every silo, also killed ones. A write is refused where
/// another came before it, so that an activation that was given up cannot overwrite its successor's.
/// </summary>
internal sealed class MemoryStorage
{
    public const string DefaultName = "Default";

    private readonly Dictionary<string, (byte[] Json, string Etag)> _states = [];
    private long _writes;

    public static JsonSerializerOptions Json { get; } = new() { IncludeFields = true };

    public (byte[]? Json, string? Etag) Read(string key)
    {
        lock (_states) return _states.TryGetValue(key, out var found) ? found : default;
    }

    /// <summary>Writes, or removes where there is no JSON, and gives the new version.</summary>
    public string? Write(string key, byte[]? json, string? etag)
    {
        lock (_states)
        {
            var current = _states.TryGetValue(key, out var found) ? found.Etag : null;
            if (current != etag) throw new InconsistentStateException($"The state {key} is at version {current}, not {etag}.");
            if (json is null)
            {
                _states.Remove(key);
                return null;
            }
            var next = (++_writes).ToString(CultureInfo.InvariantCulture);
            _states[key] = (json, next);
            return next;
        }
    }
}
