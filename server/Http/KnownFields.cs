using System.Collections.Frozen;

namespace HunyuanOrleans.Server.Http;

/// <summary>The parameters that an endpoint knows.</summary>
/// <param name="Names">Their names.</param>
internal sealed record KnownFields(FrozenSet<string> Names)
{
    /// <summary>The parameter whose value is an object with parameters of its own; null (default) if there is none.</summary>
    public string? Object { get; init; }

    /// <summary>The names of the parameters within <see cref="Object"/>.</summary>
    public FrozenSet<string> Nested { get; init; } = [];
}
