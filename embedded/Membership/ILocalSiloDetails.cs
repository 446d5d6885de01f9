namespace Orleans.Runtime;

/// <summary>The silo one is on.</summary>
public interface ILocalSiloDetails
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>The cluster's name.</summary>
    string ClusterId { get; }

    /// <summary>Its address.</summary>
    SiloAddress SiloAddress { get; }
}
