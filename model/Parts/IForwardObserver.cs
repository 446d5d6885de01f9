using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Model.Parts;

/// <summary>Looks at a forward pass as it goes, to compare it with reference numbers. It must not change what it is shown.</summary>
public interface IForwardObserver
{
    /// <summary>The residual stream before the first layer, [tokens, hidden].</summary>
    void Embedded(Activation x, int tokens);

    /// <summary>A layer's router logits [tokens, experts] and the choice made of them.</summary>
    void Routed(int layer, Activation scores, RoutedRows routed);

    /// <summary>The residual stream after a layer, [tokens, hidden].</summary>
    void Finished(int layer, Activation x, int tokens);
}
