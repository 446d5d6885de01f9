namespace Orleans.Configuration;

/// <summary>How calls are sent.</summary>
public abstract class MessagingOptions
{
    /// <summary>How long a caller waits where the method does not say. Default 30 s; lower finds lost calls sooner and gives up slow ones.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>How silos send calls.</summary>
public class SiloMessagingOptions : MessagingOptions;

/// <summary>How clients send calls.</summary>
public class ClientMessagingOptions : MessagingOptions;

/// <summary>When activations end for being idle, and how long starting and ending may take.</summary>
public class GrainCollectionOptions
{
    /// <summary>How often idle activations are looked for. Default one minute; lower finds them sooner.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an activation may be idle. Default 15 minutes; lower frees memory sooner and activates more often.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long OnActivateAsync may take. Default 30 s; an activation that takes longer fails.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long OnDeactivateAsync may take. Default 30 s; longer ones are not waited for.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
