using System.Globalization;
using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// Key of a grain that is bound to a silo: model, part of the model and silo, as <c>model|part@silo</c>. The silo is part of the identity, so that the
/// old and the new holder of a part exist at the same time while it moves.
/// </summary>
/// <param name="Model">Name of the model; empty for the silo's own grain.</param>
/// <param name="Part">The part: <c>first-last</c> layers, <c>first-last|first-last</c> layers and experts, with <c>|session</c> for a cache.</param>
/// <param name="Silo">Name of the silo.</param>
public readonly record struct PinnedKey(string Model, string Part, string Silo)
{
    private const char Separator = '|', Place = '@', Range = '-';

    /// <summary>The key of a silo's own grain.</summary>
    public static PinnedKey OfSilo(string silo) => new("", "", silo);

    /// <summary>The key of an attention shard, and of the router beside it.</summary>
    public static PinnedKey Of(string model, LayerRange layers, string silo) => new(model, Text(layers.FirstLayer, layers.LastLayer), silo);

    /// <summary>The key of an expert group.</summary>
    public static PinnedKey Of(string model, ExpertRange experts, string silo) =>
        new(model, Text(experts.FirstLayer, experts.LastLayer) + Separator + Text(experts.FirstExpert, experts.LastExpert), silo);

    /// <summary>The key of a session's cache beside this shard.</summary>
    public PinnedKey WithSession(long session) => this with { Part = Part + Separator + session.ToString(CultureInfo.InvariantCulture) };

    /// <summary>True for the key of an expert group, false for that of a shard.</summary>
    public bool IsExpertGroup => Part.Contains(Separator, StringComparison.Ordinal);

    /// <summary>The shard's layers.</summary>
    public LayerRange Layers
    {
        get
        {
            (int first, int last) = Numbers(Part.Split(Separator)[0]);
            return new LayerRange(first, last);
        }
    }

    /// <summary>The expert group's range.</summary>
    public ExpertRange Experts
    {
        get
        {
            string[] parts = Part.Split(Separator);
            (int firstLayer, int lastLayer) = Numbers(parts[0]);
            (int firstExpert, int lastExpert) = Numbers(parts[1]);
            return new ExpertRange(firstLayer, lastLayer, firstExpert, lastExpert);
        }
    }

    /// <summary>Reads a key.</summary>
    /// <exception cref="FormatException">The text is not such a key.</exception>
    public static PinnedKey Parse(string key)
    {
        int place = key.LastIndexOf(Place);
        int separator = key.IndexOf(Separator, StringComparison.Ordinal);
        return place >= 0 && separator >= 0 && separator < place
            ? new PinnedKey(key[..separator], key[(separator + 1)..place], key[(place + 1)..])
            : throw new FormatException($"\"{key}\" is no key of a grain bound to a silo; allowed: model|part@silo.");
    }

    /// <summary>True if a model or silo of this name can be part of a key.</summary>
    public static bool CanName(string name) => name.Length > 0 && name.AsSpan().IndexOfAny(Separator, Place) < 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Model}{Separator}{Part}{Place}{Silo}";

    private static string Text(int first, int last) => string.Create(CultureInfo.InvariantCulture, $"{first}{Range}{last}");

    private static (int First, int Last) Numbers(string range)
    {
        int middle = range.IndexOf(Range, StringComparison.Ordinal);
        return (int.Parse(range[..middle], CultureInfo.InvariantCulture), int.Parse(range[(middle + 1)..], CultureInfo.InvariantCulture));
    }
}
