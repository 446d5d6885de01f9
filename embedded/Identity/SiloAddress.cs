using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

/// <summary>A silo's identity: an end point, and a generation that tells two silos on the same end point apart.</summary>
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>
{
    private SiloAddress(IPEndPoint endpoint, int generation) => (Endpoint, Generation) = (endpoint, generation);

    /// <summary>The end point. Nothing listens there.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>The generation.</summary>
    public int Generation { get; }

    /// <summary>Makes an address.</summary>
    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    /// <summary>Makes an address.</summary>
    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);

    /// <summary>Text of the form address:port@generation.</summary>
    public string ToParsableString() => $"{Endpoint}@{Generation}";

    /// <summary>Reads what <see cref="ToParsableString"/> wrote.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static SiloAddress FromParsableString(string addr)
    {
        var at = addr.LastIndexOf('@');
        return at > 0 && IPEndPoint.TryParse(addr.AsSpan(0, at), out var endpoint)
            && int.TryParse(addr.AsSpan(at + 1), CultureInfo.InvariantCulture, out var generation)
            ? new(endpoint, generation)
            : throw new FormatException($"'{addr}' is no silo address: expected address:port@generation.");
    }

    /// <summary>A hash code that is the same in every process.</summary>
    public int GetConsistentHashCode()
    {
        var hash = (uint)Generation;
        foreach (var b in Endpoint.Address.GetAddressBytes()) hash = (hash * 16777619) ^ b;
        return (int)((hash * 16777619) ^ (uint)Endpoint.Port);
    }

    /// <inheritdoc/>
    public int CompareTo(SiloAddress? other) => other is null ? 1
        : (Endpoint.Port, Generation).CompareTo((other.Endpoint.Port, other.Generation)) is var order and not 0 ? order
        : string.CompareOrdinal(Endpoint.ToString(), other.Endpoint.ToString());

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] SiloAddress? other) =>
        other is not null && Generation == other.Generation && Endpoint.Equals(other.Endpoint);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Endpoint, Generation);

    /// <inheritdoc/>
    public override string ToString() => $"S{Endpoint}:{Generation}";
}
