using System.Globalization;

namespace Orleans.Runtime;

/// <summary>One part of a grain's identity.</summary>
public readonly record struct IdSpan
{
    private readonly string? _text;

    private IdSpan(string text) => _text = text;

    /// <summary>Makes one of text.</summary>
    public static IdSpan Create(string id) => new(id);

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}

/// <summary>Which grain class a grain is of.</summary>
/// <param name="Value">The name.</param>
public readonly record struct GrainType(IdSpan Value)
{
    /// <summary>Makes one of text.</summary>
    public static GrainType Create(string value) => new(IdSpan.Create(value));

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>Which interface a call goes through.</summary>
/// <param name="Value">The name.</param>
public readonly record struct GrainInterfaceType(IdSpan Value)
{
    /// <summary>Makes one of text.</summary>
    public static GrainInterfaceType Create(string value) => new(IdSpan.Create(value));

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>A grain's identity: its type and its key.</summary>
/// <param name="Type">The grain class.</param>
/// <param name="Key">The key; whole numbers are kept in hexadecimal, GUIDs as 32 digits.</param>
public readonly record struct GrainId(GrainType Type, IdSpan Key)
{
    /// <summary>Makes one of a type and a key.</summary>
    public static GrainId Create(GrainType type, IdSpan key) => new(type, key);

    /// <summary>Makes one of a type and a key.</summary>
    public static GrainId Create(GrainType type, string key) => new(type, IdSpan.Create(key));

    /// <summary>Makes one of a type and a key.</summary>
    public static GrainId Create(string type, string key) => Create(GrainType.Create(type), key);

    /// <inheritdoc/>
    public override string ToString() => $"{Type}/{Key}";

    internal static string KeyOf(long key) => key.ToString("X", CultureInfo.InvariantCulture);

    internal static string KeyOf(Guid key) => key.ToString("N");
}

/// <summary>The identity of one activation of a grain.</summary>
/// <param name="Key">Unique.</param>
public readonly record struct ActivationId(Guid Key)
{
    /// <summary>A new one.</summary>
    public static ActivationId NewId() => new(Guid.NewGuid());

    /// <inheritdoc/>
    public override string ToString() => $"@{Key:N}";
}
