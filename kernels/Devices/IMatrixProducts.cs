using HunyuanOrleans.Kernels.Products;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>
/// Runs one or several products y = x . w^T together. Each output element is one sum over the columns in an order that depends on the weights alone, so
/// it does not depend on the number of rows or on other products.
/// </summary>
public interface IMatrixProducts : IDisposable
{
    /// <summary>Adds a product of the first <paramref name="rows"/> rows to the next <see cref="Run"/>.</summary>
    /// <exception cref="ArgumentException">Types or sizes do not match. The products added before are dropped.</exception>
    void Add(IMatrix weights, IActivation x, IActivation y, int rows, Epilogue epilogue);

    /// <summary>Adds the products of experts to the next <see cref="Run"/>, each with its own rows.</summary>
    /// <param name="weights">The experts' matrices. Those with rows are there, if they are local.</param>
    /// <param name="groups">Which rows belong to which expert.</param>
    /// <param name="local">For each group, whether its expert is computed here. Empty: all are.</param>
    /// <param name="x">Rows of all groups.</param>
    /// <param name="y">Receives the outputs of local experts.</param>
    /// <param name="epilogue">What is done with the sums.</param>
    void AddExperts(IMatrixTable weights, IRowGroups groups, ReadOnlySpan<bool> local, IActivation x, IActivation y, Epilogue epilogue);

    /// <summary>Runs all products added since the last run.</summary>
    void Run();
}
