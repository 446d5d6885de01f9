using System.Buffers.Binary;
using System.Text;

namespace HunyuanOrleans.Model.Checkpoints.PyTorch;

/// <summary>
/// Reads the pickle that describes the tensors of a file. It runs no code: it knows the instructions that PyTorch writes for dictionaries of tensors, and
/// refuses all others. Memory use is proportional to the length of the pickle. Format: Python's pickletools, protocols 2 to 5.
/// </summary>
internal ref struct PickleReader
{
    private readonly string _source;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<PickleValue> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, PickleValue> _memo = [];
    private int _at;

    private PickleReader(string source, ReadOnlySpan<byte> bytes)
    {
        _source = source;
        _bytes = bytes;
    }

    /// <summary>Reads one pickle.</summary>
    /// <param name="source">The file, for messages.</param>
    /// <param name="bytes">The pickle.</param>
    /// <exception cref="ModelException">The pickle is damaged, or contains something else than tensors. The message says what.</exception>
    public static PickleValue Read(string source, ReadOnlySpan<byte> bytes) => new PickleReader(source, bytes).Run();

    private PickleValue Run()
    {
        while (true)
        {
            byte code = Take(1)[0];
            if (code == (byte)'.')
            {
                return _stack.Count == 1 && _marks.Count == 0 ? _stack[0] : throw Damaged("it ends with other than one value");
            }

            Step(code);
        }
    }

    private void Step(byte code)
    {
        switch ((char)code)
        {
            case '\x80':
                CheckProtocol(Take(1)[0]);
                break;
            case '\x95':
                Take(8);
                break;
            case '(':
                _marks.Add(_stack.Count);
                break;
            case 'N':
                Push(PickleOther.Instance);
                break;
            case 'G':
                Take(8);
                Push(PickleOther.Instance);
                break;
            case '\x88':
                Push(new PickleNumber(1));
                break;
            case '\x89':
                Push(new PickleNumber(0));
                break;
            case 'J':
                Push(new PickleNumber(BinaryPrimitives.ReadInt32LittleEndian(Take(4))));
                break;
            case 'K':
                Push(new PickleNumber(Take(1)[0]));
                break;
            case 'M':
                Push(new PickleNumber(BinaryPrimitives.ReadUInt16LittleEndian(Take(2))));
                break;
            case '\x8a':
                Push(new PickleNumber(LongNumber(Take(Take(1)[0]))));
                break;
            case 'X':
                Push(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case '\x8c':
                Push(Text(Take(1)[0]));
                break;
            case 'c':
                Push(Name(Line(), Line()));
                break;
            case '\x93':
                PushStackName();
                break;
            case 'q':
                _memo[Take(1)[0]] = Top();
                break;
            case 'r':
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Top();
                break;
            case '\x94':
                _memo[(uint)_memo.Count] = Top();
                break;
            case 'h':
                Push(Memo(Take(1)[0]));
                break;
            case 'j':
                Push(Memo(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            default:
                StepOnValues(code);
                break;
        }
    }

    private void StepOnValues(byte code)
    {
        switch ((char)code)
        {
            case '}':
                Push(new PickleDictionary([]));
                break;
            case ']':
                Push(new PickleList());
                break;
            case ')':
                Push(new PickleTuple([]));
                break;
            case 't':
                Push(new PickleTuple(PopToMark()));
                break;
            case '\x85' or '\x86' or '\x87':
                Push(new PickleTuple(Pop(code - 0x84)));
                break;
            case 's':
                AddEntries(Pop(2));
                break;
            case 'u':
                AddEntries(PopToMark());
                break;
            case 'a':
                Pop(1);
                CheckList();
                break;
            case 'e':
                PopToMark();
                CheckList();
                break;
            case 'Q':
                Push(PickleObjects.Storage(_source, Pop(1)[0]));
                break;
            case 'R':
                PickleValue[] call = Pop(2);
                Push(PickleObjects.Call(_source, call[0], call[1]));
                break;
            case 'b':
                // The state of a dictionary of weights is its modules' versions, which do not matter here.
                Pop(1);
                _ = Top() as PickleDictionary ?? throw Damaged("it sets the state of something else than a dictionary");
                break;
            default:
                throw new ModelException(
                    $"{_source}: the pickle has instruction 0x{code:x2} at byte {_at - 1}; allowed: only those that describe a dictionary of tensors.");
        }
    }

    private void CheckProtocol(byte protocol)
    {
        if (protocol is < 2 or > 5)
        {
            throw Damaged($"it has protocol {protocol}, and 2 to 5 are allowed");
        }
    }

    private readonly void CheckList() => _ = Top() as PickleList ?? throw Damaged("it appends to something else than a list");

    private void AddEntries(PickleValue[] items)
    {
        if (Top() is not PickleDictionary dictionary || items.Length % 2 != 0)
        {
            throw Damaged("it adds entries to something else than a dictionary");
        }

        for (int i = 0; i < items.Length; i += 2)
        {
            dictionary.Entries.Add((items[i], items[i + 1]));
        }
    }

    private void PushStackName()
    {
        PickleValue[] names = Pop(2);
        Push(names is [PickleText module, PickleText name] ? Name(module.Value, name.Value) : throw Damaged("a name is no text"));
    }

    private readonly PickleName Name(string module, string name)
    {
        string full = $"{module}.{name}";
        return PickleNames.IsAllowed(full)
            ? new PickleName(full)
            : throw new ModelException($"{_source}: the pickle names {Shown(full)}; allowed: only tensors, their storages and dictionaries. It was not called.");
    }

    // A name comes from the file, so it is cut and cleaned before it is shown.
    private static string Shown(string name)
    {
        string cut = name.Length <= 100 ? name : name[..100] + "…";
        return string.Concat(cut.Select(static c => char.IsControl(c) ? '?' : c));
    }

    private readonly long LongNumber(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8)
        {
            throw Damaged("a number has more than 64 bits");
        }

        long value = 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[i];
        }

        int unused = 64 - (8 * bytes.Length);
        return bytes.IsEmpty ? 0 : value << unused >> unused;
    }

    private PickleText Text(uint length)
    {
        if (length > int.MaxValue)
        {
            throw Damaged("a text is cut off");
        }

        return new PickleText(Encoding.UTF8.GetString(Take((int)length)));
    }

    private string Line()
    {
        int length = _bytes[_at..].IndexOf((byte)'\n');
        string line = Encoding.UTF8.GetString(Take(length < 0 ? throw Damaged("a name is cut off") : length));
        Take(1);
        return line;
    }

    private readonly PickleValue Memo(uint index) => _memo.TryGetValue(index, out PickleValue? value) ? value : throw Damaged("it refers to a value that it has not kept");

    private readonly void Push(PickleValue value) => _stack.Add(value);

    private readonly PickleValue Top() => _stack.Count > Floor ? _stack[^1] : throw Damaged("it uses a value that is not there");

    private readonly int Floor => _marks.Count == 0 ? 0 : _marks[^1];

    private readonly PickleValue[] Pop(int count)
    {
        if (_stack.Count - count < Floor)
        {
            throw Damaged("it uses a value that is not there");
        }

        PickleValue[] values = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private readonly PickleValue[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw Damaged("it uses a mark that is not there");
        }

        PickleValue[] values = Pop(_stack.Count - _marks[^1]);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - _at)
        {
            throw Damaged("it is cut off");
        }

        ReadOnlySpan<byte> bytes = _bytes.Slice(_at, count);
        _at += count;
        return bytes;
    }

    private readonly ModelException Damaged(string what) => new($"{_source}: the pickle cannot be read: {what}; allowed: a dictionary of tensors that PyTorch's save wrote.");
}
