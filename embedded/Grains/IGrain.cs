namespace Orleans.Runtime
{
    /// <summary>Something calls can be sent to.</summary>
    public interface IAddressable;
}

namespace Orleans
{
    /// <summary>A grain's interface derives from this, by way of the kind of key it has.</summary>
    public interface IGrain : Runtime.IAddressable;

    /// <summary>A grain whose key is text.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>A grain whose key is a whole number.</summary>
    public interface IGrainWithIntegerKey : IGrain;

    /// <summary>A grain whose key is a GUID.</summary>
    public interface IGrainWithGuidKey : IGrain;
}
