namespace HunyuanOrleans.Silo.Clustering;

/// <summary>The server that stores the cluster's membership table. It knows nothing of the table's members.</summary>
internal interface IMembershipServer
{
    /// <summary>Connects, and creates what Orleans' membership table needs and is missing.</summary>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>True if a later attempt may succeed: the server is down, starting or overloaded. False if it refuses, for example a wrong password.</summary>
    bool IsTransient(Exception exception);
}
