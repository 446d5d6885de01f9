namespace HunyuanOrleans.Silo.Clustering;

/// <summary>How far this process's silos are, whatever the engine.</summary>
public interface ISiloState
{
    /// <summary>Whether all silos of this process are active in the cluster.</summary>
    bool Active { get; }

    /// <summary>How many silos of the whole cluster are active, as far as this process knows.</summary>
    int ActiveInCluster { get; }
}
