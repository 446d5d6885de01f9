namespace HunyuanOrleans.Kernels.Devices;

/// <summary>The matrices of the experts of a layer, all of one shape and type. Entries change between steps only. It owns no matrix.</summary>
public interface IMatrixTable : IDisposable
{
    /// <summary>Number of entries.</summary>
    int Count { get; }

    /// <summary>The matrix of an expert; null if it is not there.</summary>
    IMatrix? this[int expert] { get; set; }
}
