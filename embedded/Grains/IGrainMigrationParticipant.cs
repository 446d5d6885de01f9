using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>A grain, or a part of one, that takes its state along when it moves.</summary>
public interface IGrainMigrationParticipant
{
    /// <summary>Called on the old activation after its OnDeactivateAsync.</summary>
    void OnDehydrate(IDehydrationContext dehydrationContext);

    /// <summary>Called on the new activation before its OnActivateAsync.</summary>
    void OnRehydrate(IRehydrationContext rehydrationContext);
}

/// <summary>Where a moving activation puts its state. Values are passed by reference here, serialized by Orleans.</summary>
public interface IDehydrationContext
{
    /// <summary>The keys put so far.</summary>
    IEnumerable<string> Keys { get; }

    /// <summary>Puts a value; false where the key is taken.</summary>
    bool TryAddValue<T>(string key, T? value);
}

/// <summary>Where a moved activation finds its state.</summary>
public interface IRehydrationContext
{
    /// <summary>The keys that were put.</summary>
    IEnumerable<string> Keys { get; }

    /// <summary>Finds a value; false where there is none of that key and type.</summary>
    bool TryGetValue<T>(string key, [NotNullWhen(true)] out T? value);
}

internal sealed class MigrationContext : IDehydrationContext, IRehydrationContext
{
    private readonly Dictionary<string, object?> _values = [];

    public IEnumerable<string> Keys => _values.Keys;

    public bool TryAddValue<T>(string key, T? value) => _values.TryAdd(key, value);

    public bool TryGetValue<T>(string key, [NotNullWhen(true)] out T? value)
    {
        value = _values.TryGetValue(key, out var found) && found is T typed ? typed : default;
        return value is not null;
    }
}
