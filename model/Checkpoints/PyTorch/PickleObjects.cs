namespace HunyuanOrleans.Model.Checkpoints.PyTorch;

/// <summary>Makes storages, tensors and dictionaries of the calls that a pickle describes, after checking their arguments.</summary>
internal static class PickleObjects
{
    // As in safetensors headers: published tensors have at most 3 dimensions.
    private const int MaxDimensions = 8;

    /// <summary>A persistent id is ("storage", class, key, location, elements).</summary>
    public static PickleStorage Storage(string source, PickleValue id)
    {
        if (id is PickleTuple { Items: [PickleText { Value: "storage" }, PickleName name, PickleText key, PickleText, PickleNumber { Value: >= 0 } elements] } &&
            PickleNames.TryGetStorage(name.Name, out StoredType type))
        {
            return new PickleStorage(key.Value, type, elements.Value);
        }

        throw new ModelException($"{source}: the pickle refers to a storage in a form that is not known; allowed: class, key, place and number of elements.");
    }

    /// <summary>The result of one of the known functions.</summary>
    public static PickleValue Call(string source, PickleValue function, PickleValue arguments)
    {
        if (function is PickleName called && arguments is PickleTuple { Items: PickleValue[] items })
        {
            switch (called.Name)
            {
                case PickleNames.OrderedDictionary when items.Length == 0:
                    return new PickleDictionary([]);
                case PickleNames.RebuildTensor when items.Length >= 6:
                    return Tensor(source, items);
                case PickleNames.RebuildParameter when items is [PickleTensor data, ..]:
                    return data;
                default:
                    break;
            }
        }

        throw new ModelException($"{source}: the pickle calls something with arguments that are not known; allowed: the arguments of tensors and dictionaries.");
    }

    private static PickleTensor Tensor(string source, PickleValue[] items)
    {
        if (items is not [PickleStorage storage, PickleNumber offset, PickleTuple shape, PickleTuple strides, ..])
        {
            throw new ModelException($"{source}: a tensor lacks its storage, offset, shape or strides; allowed: all four.");
        }

        PickleTensor tensor = new(storage, offset.Value, Numbers(source, shape), Numbers(source, strides));
        CheckPlace(source, tensor);
        return tensor;
    }

    // The products cannot overflow 128 bits: each factor is below 2^63, and the checks end the loop before a third one.
    private static void CheckPlace(string source, PickleTensor tensor)
    {
        if (tensor.Shape.Length != tensor.Strides.Length)
        {
            throw new ModelException($"{source}: {Text(tensor)} does not have as many strides as dimensions; allowed: one for each.");
        }

        bool empty = tensor.Shape.Contains(0);
        Int128 last = tensor.Offset, count = 1;
        for (int i = 0; i < tensor.Shape.Length && !empty; i++)
        {
            last += (Int128)(tensor.Shape[i] - 1) * tensor.Strides[i];
            count *= tensor.Shape[i];
            if (last >= tensor.Storage.Elements || count > tensor.Storage.Elements)
            {
                break;
            }
        }

        if (tensor.Offset < 0 || tensor.Offset > tensor.Storage.Elements)
        {
            throw new ModelException($"{source}: {Text(tensor)} begins outside its storage of {tensor.Storage.Elements} elements; allowed: inside it.");
        }

        if (!empty && (last >= tensor.Storage.Elements || count > tensor.Storage.Elements))
        {
            throw new ModelException(
                $"{source}: {Text(tensor)} does not fit into its storage of {tensor.Storage.Elements} elements; allowed: elements inside it, and no more than it has.");
        }
    }

    private static string Text(PickleTensor tensor) =>
        $"a tensor of shape [{string.Join(", ", tensor.Shape)}] with strides [{string.Join(", ", tensor.Strides)}] from element {tensor.Offset}";

    private static long[] Numbers(string source, PickleTuple tuple)
    {
        if (tuple.Items.Length > MaxDimensions || !tuple.Items.All(static item => item is PickleNumber { Value: >= 0 }))
        {
            throw new ModelException($"{source}: a tensor has a shape or strides that are not whole numbers from 0; allowed: at most {MaxDimensions} of them.");
        }

        return [.. tuple.Items.Select(static item => ((PickleNumber)item).Value)];
    }
}
