namespace Orleans.Runtime;

/// <summary>One activation of a grain, as the grain may see it.</summary>
public interface IGrainContext : IEquatable<IGrainContext>
{
    /// <summary>A reference to the grain.</summary>
    GrainReference GrainReference { get; }

    /// <summary>The grain's identity.</summary>
    GrainId GrainId { get; }

    /// <summary>The grain object; null until it is made.</summary>
    object? GrainInstance { get; }

    /// <summary>The activation's own identity.</summary>
    ActivationId ActivationId { get; }

    /// <summary>A scope of the silo's services that lives as long as the activation.</summary>
    IServiceProvider ActivationServices { get; }

    /// <summary>Where others can take part in the activation's moves.</summary>
    IGrainLifecycle ObservableLifecycle { get; }

    /// <summary>Done once the activation has ended in order.</summary>
    Task Deactivated { get; }

    /// <summary>Ends the activation once the running requests are done.</summary>
    void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);

    /// <summary>Moves the activation once the running requests are done, to where its director wants it, given this context.</summary>
    void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default);
}

/// <summary>What happens to an activation, for those who take part.</summary>
public interface IGrainLifecycle
{
    /// <summary>Asks to be given the chance to send state along in a move.</summary>
    void AddMigrationParticipant(IGrainMigrationParticipant participant);

    /// <summary>Takes that back.</summary>
    void RemoveMigrationParticipant(IGrainMigrationParticipant participant);
}
