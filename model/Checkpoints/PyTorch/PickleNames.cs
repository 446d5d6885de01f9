namespace HunyuanOrleans.Model.Checkpoints.PyTorch;

/// <summary>The classes and functions that a file of tensors may name. Everything else is refused, because a pickle can name any function to be called.</summary>
internal static class PickleNames
{
    public const string OrderedDictionary = "collections.OrderedDict";
    public const string RebuildTensor = "torch._utils._rebuild_tensor_v2";
    public const string RebuildParameter = "torch._utils._rebuild_parameter";

    private static readonly Dictionary<string, StoredType> Storages = new(StringComparer.Ordinal)
    {
        ["torch.FloatStorage"] = StoredType.F32,
        ["torch.HalfStorage"] = StoredType.F16,
        ["torch.BFloat16Storage"] = StoredType.BF16,
        ["torch.DoubleStorage"] = StoredType.F64,
        ["torch.LongStorage"] = StoredType.I64,
        ["torch.IntStorage"] = StoredType.I32,
        ["torch.ShortStorage"] = StoredType.I16,
        ["torch.CharStorage"] = StoredType.I8,
        ["torch.ByteStorage"] = StoredType.U8,
        ["torch.BoolStorage"] = StoredType.Bool,
    };

    /// <summary>Whether a file may name it.</summary>
    public static bool IsAllowed(string name) => name is OrderedDictionary or RebuildTensor or RebuildParameter || Storages.ContainsKey(name);

    /// <summary>The type of the elements of a class of storages.</summary>
    public static bool TryGetStorage(string name, out StoredType type) => Storages.TryGetValue(name, out type);
}
