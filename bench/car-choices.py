"""Turns the sentences of a file with {"input", "label"} on each line into questions of four choices for `hunyuan eval --choices`.

The choices of a sentence are its label, 无 where that is not the label, and the next other labels of the file. The right one
moves by one place from line to line.
"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as lines:
    items = [json.loads(line) for line in lines]
labels = [item["label"] for item in items]
for i, item in enumerate(items):
    choices = [item["label"]]
    for label in ["无"] + labels[i + 1:] + labels[:i]:
        if label not in choices and len(choices) < 4:
            choices.append(label)
    turn = i % 4
    choices = choices[turn:] + choices[:turn]
    print(json.dumps({"question": item["input"], "choices": choices, "answer": choices.index(item["label"])}, ensure_ascii=False))
