namespace HunyuanOrleans.Model.Checkpoints.PyTorch;

/// <summary>A value that a pickle describes, as far as PyTorch's files of tensors need it.</summary>
internal abstract record PickleValue;

/// <summary>None, a float, or another value whose content nobody needs.</summary>
internal sealed record PickleOther : PickleValue
{
    /// <summary>The only instance.</summary>
    public static readonly PickleOther Instance = new();
}

/// <summary>A whole number. True and false are 1 and 0.</summary>
internal sealed record PickleNumber(long Value) : PickleValue;

/// <summary>A text.</summary>
internal sealed record PickleText(string Value) : PickleValue;

/// <summary>A tuple. Its items do not change.</summary>
internal sealed record PickleTuple(PickleValue[] Items) : PickleValue;

/// <summary>A list, whose items nobody needs.</summary>
internal sealed record PickleList : PickleValue;

/// <summary>A dictionary in the order of insertion. Keys may repeat.</summary>
internal sealed record PickleDictionary(List<(PickleValue Key, PickleValue Value)> Entries) : PickleValue;

/// <summary>The name of a class or function that the file refers to. Only names of a fixed list are accepted, and none is ever called.</summary>
internal sealed record PickleName(string Name) : PickleValue;

/// <summary>A range of bytes of the file that tensors share.</summary>
/// <param name="Key">Name of its entry below data/.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Elements">Number of elements.</param>
internal sealed record PickleStorage(string Key, StoredType Type, long Elements) : PickleValue;

/// <summary>A tensor over a storage.</summary>
/// <param name="Storage">Where its elements are.</param>
/// <param name="Offset">Index of its first element.</param>
/// <param name="Shape">Sizes of the dimensions, outermost first.</param>
/// <param name="Strides">Elements from one index to the next in each dimension.</param>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides) : PickleValue;
