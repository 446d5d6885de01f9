namespace HunyuanOrleans.Model.Adapters;

/// <summary>The identity of an adapter, for those who pass it on without computing with it.</summary>
public interface IAdapter
{
    /// <summary>SHA-256 of everything that the adapter computes with, in hexadecimal digits. Adapters with equal digests give equal results.</summary>
    string Digest { get; }
}
